/** The number of tokens and guests is limited. */
import type { Change } from "@effect-signalwire/backend/Records"
import * as Storage from "@effect-signalwire/backend/Storage"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { withBackend } from "./support.ts"

/** A storage that keeps its changes in an array. */
const makeStorage = () => {
  const changes: Array<Change> = []
  return {
    changes,
    count: (tag: Change["_tag"]) => changes.filter(({ _tag }) => _tag === tag).length,
    layer: Layer.succeed(Storage.Storage, {
      load: Effect.sync(() => [...changes]),
      commit: (more: ReadonlyArray<Change>) => Effect.sync(() => void changes.push(...more))
    })
  }
}

describe("a token", () => {
  it.effect("is removed ten minutes after it has expired, and until then reported as expired", () => {
    const storage = makeStorage()
    return withBackend(
      Effect.fnUntraced(function*({ backend, addSubscriber, request }) {
        const ada = yield* addSubscriber("ada")
        const { refreshToken } = yield* backend.mint(ada.id, { ttlSeconds: 60 })
        const codeOf = Effect.map(
          request("POST", "/api/fabric/subscribers/tokens/refresh", { body: { refresh_token: refreshToken } }),
          ({ body }) => body.errors[0].code
        )
        yield* TestClock.adjust("7 minutes")
        assert.strictEqual(yield* codeOf, "token_expired")
        yield* TestClock.adjust("10 minutes")
        yield* backend.mint(ada.id)
        assert.strictEqual(yield* codeOf, "token_invalid")
        assert.strictEqual(storage.count("TokenRemoved"), 2)
      }),
      {},
      storage.layer
    )
  })
  it.effect("that is valid is kept when expired and refresh tokens of the same subscriber are evicted", () =>
    withBackend(Effect.fnUntraced(function*({ backend, addSubscriber, request }) {
      const ada = yield* addSubscriber("ada")
      for (let n = 0; n < 3000; n++) yield* backend.mint(ada.id, { ttlSeconds: -1 })
      assert.strictEqual((yield* request("GET", "/api/fabric/messages", ada)).status, 200)
    })))
  it.effect("is evicted, the oldest first, if a subscriber has too many valid ones", () =>
    withBackend(Effect.fnUntraced(function*({ backend, addSubscriber, request }) {
      const [ada, grace] = [yield* addSubscriber("ada"), yield* addSubscriber("grace")]
      let newest = ada.token
      for (let n = 0; n < 3000; n++) newest = (yield* backend.mint(ada.id)).token
      const status = (token: string) =>
        Effect.map(request("GET", "/api/fabric/messages", { token }), (response) => response.status)
      assert.strictEqual(yield* status(ada.token), 401)
      assert.strictEqual(yield* status(newest), 200)
      assert.strictEqual(yield* status(grace.token), 200)
    })))
  it.effect("leaves the profile of its subscriber when it is removed", () => {
    const storage = makeStorage()
    const mint = withBackend(
      Effect.fnUntraced(function*({ backend, addSubscriber }) {
        const ada = yield* addSubscriber("ada")
        yield* backend.mint(ada.id, { ttlSeconds: 1, claims: { profile: { job_title: "Analyst", country: "UK" } } })
        yield* TestClock.adjust("1 hour")
        yield* backend.mint(ada.id)
        assert.strictEqual(storage.count("TokenRemoved"), 2)
        return ada
      }),
      {},
      storage.layer
    )
    return Effect.flatMap(mint, () =>
      withBackend(
        Effect.fnUntraced(function*({ backend, request }) {
          const ada = backend.findSubscriber("ada")
          const { token } = yield* backend.mint(ada?.id ?? "")
          const { body } = yield* request("GET", "/api/fabric/subscriber/info", { token })
          assert.deepInclude(body, { job_title: "Analyst", country: "UK" })
        }),
        {},
        Layer.succeed(Storage.Storage, {
          load: Effect.sync(() => {
            const removed = new Set(
              storage.changes.flatMap((change) => change._tag === "TokenRemoved" ? [change.token] : [])
            )
            return storage.changes.filter((change) => change._tag !== "TokenMinted" || !removed.has(change.token.token))
          }),
          commit: () => Effect.void
        })
      ))
  })
})

describe("a guest", () => {
  it.effect("is removed with its last token", () => {
    const storage = makeStorage()
    return withBackend(
      Effect.fnUntraced(function*({ backend, addSubscriber, request, addRoom }) {
        const [ada, office] = [yield* addSubscriber("ada"), yield* addRoom("office")]
        const invited = yield* request("POST", "/api/fabric/subscriber/invites", {
          ...ada,
          body: { address_id: office }
        })
        assert.strictEqual(invited.status, 201)
        yield* TestClock.adjust("3 hours")
        yield* backend.mint(ada.id)
        assert.strictEqual(storage.count("GuestRemoved"), 1)
      }),
      {},
      storage.layer
    )
  })
  it.effect("is removed, the oldest first, if there are more than two thousand", () =>
    withBackend(Effect.fnUntraced(function*({ backend, addSubscriber, request, addRoom }) {
      const [ada, office] = [yield* addSubscriber("ada"), yield* addRoom("office")]
      const guests: Array<string> = []
      for (let n = 0; n < 2005; n++) {
        guests.push((yield* backend.mintGuest({ allowed: [office], attribute: "x", expiresAt: undefined })).token)
      }
      const status = (token: string | undefined) =>
        Effect.map(request("GET", "/api/fabric/addresses", { token: token ?? "" }), (response) => response.status)
      assert.strictEqual(yield* status(guests[0]), 401)
      assert.strictEqual(yield* status(guests.at(-1)), 200)
      assert.strictEqual(yield* status(ada.token), 200)
    })))
  it.effect("that renews its token is kept, even if it is the oldest", () =>
    withBackend(Effect.fnUntraced(function*({ backend, request, addRoom }) {
      const office = yield* addRoom("office")
      const mint = backend.mintGuest({ allowed: [office], attribute: "x", expiresAt: undefined })
      const oldest = yield* mint
      for (let n = 0; n < 1999; n++) yield* mint
      const { token } = yield* backend.refresh(oldest.refreshToken)
      assert.strictEqual((yield* request("GET", "/api/fabric/addresses", { token })).status, 200)
      // one more than the limit
      yield* mint
      const again = yield* Effect.result(backend.refresh(oldest.refreshToken))
      assert.strictEqual(again._tag, "Failure")
    })))
})

describe("the storage limit", () => {
  it.effect("rejects further records, and keeps the stored ones readable", () =>
    withBackend(
      Effect.fnUntraced(function*({ addSubscriber, request, addRoom }) {
        const [ada, office] = [yield* addSubscriber("ada"), yield* addRoom("office")]
        const send = Effect.map(
          request("POST", "/api/fabric/messages", {
            ...ada,
            body: { conversation_id: office, text: "x".repeat(10_000) }
          }),
          (response) => response.status
        )
        assert.strictEqual(yield* send, 200)
        assert.strictEqual(yield* send, 200)
        assert.strictEqual(yield* send, 507)
        assert.strictEqual((yield* request("POST", "/_sandbox/rooms", { body: { name: "x".repeat(200) } })).status, 200)
        assert.strictEqual((yield* request("GET", "/api/fabric/messages", ada)).body.data.length, 2)
      }),
      { maxStoredBytes: 34_000 }
    ))
  it.effect("counts the size in memory, not the length as JSON", () =>
    withBackend(
      Effect.fnUntraced(function*({ addSubscriber, request, addRoom }) {
        const [ada, office] = [yield* addSubscriber("ada"), yield* addRoom("office")]
        const metadata = { many: Array.from({ length: 10_000 }, () => ({})) }
        const body = { conversation_id: office, text: "x", metadata }
        assert.strictEqual((yield* request("POST", "/api/fabric/messages", { ...ada, body })).status, 507)
      }),
      { maxStoredBytes: 600_000 }
    ))
})
