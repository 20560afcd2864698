/** The number of tokens and guests is limited. */
import type { Change } from "@effect-signalwire/backend/Records"
import * as Storage from "@effect-signalwire/backend/Storage"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { runReadyFibers, withBackend } from "./support.ts"

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
  it.effect("that is removed while its next token is minted gets none", () => {
    let commit = Effect.void
    return withBackend(
      Effect.fnUntraced(function*({ backend, addSubscriber, addRoom }) {
        const [ada, office] = [yield* addSubscriber("ada"), yield* addRoom("office")]
        const guest = yield* backend.mintGuest({ allowed: [office], attribute: "x", expiresAt: undefined })
        yield* TestClock.adjust("3 hours")
        commit = Effect.sleep("1 second")
        // removes the tokens that have expired
        const minting = yield* Effect.forkChild(backend.mint(ada.id))
        yield* runReadyFibers
        const late = yield* Effect.forkChild(Effect.flip(backend.mint(guest.subscriberId)))
        yield* runReadyFibers
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(minting)
        assert.deepInclude(yield* Fiber.join(late), { _tag: "ApiError", status: 404 })
      }),
      {},
      Layer.succeed(Storage.Storage, { load: Effect.succeed([]), commit: () => Effect.suspend(() => commit) })
    )
  })
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
