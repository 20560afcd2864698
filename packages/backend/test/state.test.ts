/** The state of a backend, which results from the changes in its storage. */
import type { Change } from "@effect-signalwire/backend/Records"
import * as Storage from "@effect-signalwire/backend/Storage"
import { AddressId, SubscriberId } from "@effect-signalwire/schema/Ids"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Secrets } from "../src/internal/secrets.ts"
import { State } from "../src/internal/state.ts"
import * as TokenClaims from "../src/internal/tokenClaims.ts"
import { ada, groupId, messageOf, office } from "./messages.ts"
import { withBackend } from "./support.ts"

const grace = SubscriberId.make("00000000-0000-4000-8000-000000000002")

const subscriberAdded = (id: SubscriberId): Change => ({
  _tag: "SubscriberAdded",
  subscriber: { id, name: id, displayName: id, email: null, createdAt: 0 }
})
const addressAdded = (type: "room" | "subscriber", resourceId: string): Change => ({
  _tag: "AddressAdded",
  address: {
    id: AddressId.make(`address of ${resourceId}`),
    type,
    name: "a",
    displayName: "a",
    resourceId,
    createdAt: 0
  }
})
const profileUpdated = (subscriberId: SubscriberId, display_name: string): Change => ({
  _tag: "ProfileUpdated",
  subscriberId,
  profile: { display_name }
})
const groupAdded: Change = { _tag: "GroupAdded", group: { id: groupId, addressIds: [office], createdAt: 0 } }
const joined = (subscriberId: SubscriberId): Change => ({ _tag: "MemberJoined", member: { groupId, subscriberId } })
const stored = (seq: number, micros: number): Change => ({
  _tag: "MessageStored",
  message: messageOf(`${seq}`, seq, micros)
})
const tokenMinted = (token: string): Change => ({
  _tag: "TokenMinted",
  token: { token, kind: "SAT", jti: "", subscriberId: ada, expiresAt: 5 }
})

const stateOf = (...changes: ReadonlyArray<Change>) => {
  const state = new State(new Secrets())
  for (const change of changes) state.apply(change)
  return state
}

describe("a state", () => {
  it("has a subscriber as a guest until its address is added", () => {
    assert.deepStrictEqual([...stateOf(subscriberAdded(ada)).guests], [ada])
    const state = stateOf(subscriberAdded(ada), addressAdded("subscriber", ada), addressAdded("room", grace))
    assert.deepStrictEqual([...state.guests], [])
    assert.deepStrictEqual([state.addresses.size, [...state.ownAddresses.keys()]], [2, [ada]])
  })

  it("has nothing of a guest that was removed", () => {
    const state = stateOf(subscriberAdded(ada), { _tag: "GuestRemoved", subscriberId: ada })
    assert.deepStrictEqual([state.subscribers.size, state.guests.size], [0, 0])
  })

  it("has the display name of the latest profile for a subscriber and its address", () => {
    const state = stateOf(
      subscriberAdded(ada),
      addressAdded("subscriber", ada),
      profileUpdated(ada, "Ada"),
      { _tag: "ProfileUpdated", subscriberId: ada, profile: { country: "UK" } }
    )
    assert.strictEqual(state.subscribers.get(ada)?.displayName, "Ada")
    assert.deepStrictEqual([...state.addresses.values()].map(({ displayName }) => displayName), ["Ada"])
    assert.strictEqual(state.ownAddresses.get(ada)?.displayName, "Ada")
    assert.deepStrictEqual(state.profileOf(ada), { display_name: "Ada", country: "UK" })
    assert.deepStrictEqual(state.profileOf(grace), {})
  })

  it("has the profile of a token", () => {
    const claims = TokenClaims.encode({ profile: { display_name: "Ada", country: "UK" } })
    const state = stateOf(subscriberAdded(ada), tokenMinted(`a.b.c.${claims}.d`))
    assert.deepStrictEqual(state.profileOf(ada), { display_name: "Ada", country: "UK" })
    assert.strictEqual(state.subscribers.get(ada)?.displayName, "Ada")
  })

  it("has no subscriber or address because of a profile", () => {
    const state = stateOf(subscriberAdded(ada), profileUpdated(ada, "Ada"), profileUpdated(grace, "Grace"))
    assert.deepStrictEqual([[...state.subscribers.keys()], state.addresses.size, state.ownAddresses.size], [
      [ada],
      0,
      0
    ])
  })

  it("has tokens until they are removed, with their latest expiry", () => {
    const state = stateOf(
      tokenMinted("a"),
      tokenMinted("b"),
      { _tag: "TokenExpired", token: "a", expiresAt: 1 },
      { _tag: "TokenExpired", token: "unknown", expiresAt: 1 },
      { _tag: "TokenRemoved", token: "b" }
    )
    assert.deepStrictEqual([...state.tokens.values()].map(({ expiresAt, token }) => [token, expiresAt]), [["a", 1]])
  })

  it("ignores members and messages of unknown groups", () => {
    const state = stateOf(joined(ada), stored(1, 1))
    assert.deepStrictEqual([state.conversations.size, state.memberships.size, state.seq], [0, 0, 0])
  })

  it("has the greatest number of all messages", () => {
    assert.strictEqual(stateOf(groupAdded, stored(5, 1), stored(3, 2)).seq, 5)
    assert.strictEqual(stateOf(groupAdded, stored(3, 1), stored(5, 2)).seq, 5)
  })

  it("has an inbox of each member, by time, with what was stored before and after it was read", () => {
    const state = stateOf(groupAdded, joined(ada), stored(1, 3), stored(2, 1))
    const seqs = (id: SubscriberId) => state.inbox(id).messages.map(({ seq }) => seq)
    assert.deepStrictEqual([seqs(ada), seqs(grace)], [[2, 1], []])
    state.apply(stored(3, 2))
    assert.deepStrictEqual(seqs(ada), [2, 3, 1])
    state.apply(joined(grace))
    assert.deepStrictEqual([seqs(ada), seqs(grace)], [[2, 3, 1], [2, 3, 1]])
  })
})

describe("an error of a storage", () => {
  it("has a message, and may have a cause", () => {
    const cause = new Error("disk")
    const error = new Storage.StorageError({ message: "full", cause })
    assert.deepStrictEqual([error._tag, error.message, error.cause], ["StorageError", "full", cause])
    assert.notProperty(new Storage.StorageError({ message: "full" }), "cause")
  })
})

describe("a storage", () => {
  it.effect("is not used for a change that has no effect", () => {
    let commits = 0
    const storage = Layer.succeed(Storage.Storage, {
      load: Effect.succeed([]),
      commit: () => Effect.sync(() => void commits++)
    })
    return withBackend(
      Effect.fnUntraced(function*({ addRoom, addSubscriber, request }) {
        const [ada, body] = [yield* addSubscriber("ada"), { conversation_id: yield* addRoom("office") }]
        const before = commits
        yield* request("POST", "/api/fabric/conversations/join", { ...ada, body })
        assert.strictEqual(commits, before + 1)
        yield* request("POST", "/api/fabric/conversations/join", { ...ada, body })
        assert.strictEqual(commits, before + 1)
      }),
      {},
      storage
    )
  })

  it.effect("takes records until their limit is reached, exactly", () =>
    withBackend(
      Effect.fnUntraced(function*({ backend }) {
        // a room with a name of three characters takes 780 bytes
        yield* backend.addRoom({ name: "one" })
        yield* backend.addRoom({ name: "two" })
        assert.deepInclude(yield* Effect.flip(backend.addRoom({ name: "six" })), { _tag: "ApiError", status: 507 })
      }),
      { maxStoredBytes: 2 * 780 }
    ))

  it.effect("with more than the limit still allows what takes no further memory", () => {
    const changes = [subscriberAdded(ada), addressAdded("subscriber", ada)]
    return withBackend(
      Effect.fnUntraced(function*({ backend, request }) {
        const { token } = yield* backend.mint(ada)
        assert.strictEqual((yield* request("GET", "/api/fabric/messages", { token })).status, 200)
        assert.deepInclude(yield* Effect.flip(backend.addRoom({ name: "a" })), { _tag: "ApiError", status: 507 })
      }),
      { maxStoredBytes: 10 },
      Layer.succeed(Storage.Storage, { load: Effect.succeed(changes), commit: () => Effect.void })
    )
  })

  it.effect("that is empty gets a project, which is stored once", () => {
    const changes: Array<Change> = []
    const storage = Layer.succeed(Storage.Storage, {
      load: Effect.sync(() => [...changes]),
      commit: (more) => Effect.sync(() => void changes.push(...more))
    })
    const identity = withBackend(({ backend }) => Effect.succeed(backend.identity), {}, storage)
    return Effect.gen(function*() {
      const first = yield* identity
      assert.match(first.apiToken, /^PT[\w-]{32}$/)
      assert.strictEqual(new Set(Object.values(first)).size, 3)
      assert.deepStrictEqual(changes, [{ _tag: "ProjectCreated", identity: first }])
      assert.deepStrictEqual(yield* identity, first)
      assert.strictEqual(changes.length, 1)
    })
  })

  it.effect("that cannot be read prevents the start of the backend", () => {
    const storage = Layer.succeed(Storage.Storage, {
      load: Effect.fail(new Storage.StorageError({ message: "broken" })),
      commit: () => Effect.void
    })
    return Effect.map(
      Effect.flip(withBackend(() => Effect.void, {}, storage)),
      (error) => assert.deepInclude(error, { _tag: "StorageError", message: "broken" })
    )
  })

  it.effect("that fails is an internal error of the service, which says nothing about it", () => {
    let isBroken = false
    const storage = Layer.succeed(Storage.Storage, {
      load: Effect.succeed([]),
      commit: () => isBroken ? Effect.fail(new Storage.StorageError({ message: "secret" })) : Effect.void
    })
    return withBackend(
      Effect.fnUntraced(function*({ request }) {
        isBroken = true
        const { body, status } = yield* request("POST", "/_sandbox/rooms", { body: { name: "a" } })
        assert.deepStrictEqual([status, body], [500, { error: "Internal Server Error" }])
      }),
      {},
      storage
    )
  })
})
