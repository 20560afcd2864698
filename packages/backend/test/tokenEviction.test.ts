/** Tokens and guests do not pile up. */
import type { Change } from "@effect-signalwire/backend/Records"
import * as Storage from "@effect-signalwire/backend/Storage"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { inWorld } from "./support.ts"

/** A store that keeps the changes that it was given. */
const keeping = () => {
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
  it.effect("is forgotten ten minutes after it has expired, and until then distinguished from one that never was", () => {
    const store = keeping()
    return inWorld(
      Effect.fnUntraced(function*({ backend, person, request }) {
        const ada = yield* person("ada")
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
        assert.strictEqual(store.count("TokenRemoved"), 2)
      }),
      {},
      store.layer
    )
  })
  it.effect("that is good is not forgotten for those of the same subscriber that have expired, or only renew others", () =>
    inWorld(Effect.fnUntraced(function*({ backend, person, request }) {
      const ada = yield* person("ada")
      for (let n = 0; n < 3000; n++) yield* backend.mint(ada.id, { ttlSeconds: -1 })
      assert.strictEqual((yield* request("GET", "/api/fabric/messages", ada)).status, 200)
    })))
  it.effect("is the oldest to be forgotten where one subscriber has too many that are good", () =>
    inWorld(Effect.fnUntraced(function*({ backend, person, request }) {
      const [ada, grace] = [yield* person("ada"), yield* person("grace")]
      let newest = ada.token
      for (let n = 0; n < 3000; n++) newest = (yield* backend.mint(ada.id)).token
      const status = (token: string) =>
        Effect.map(request("GET", "/api/fabric/messages", { token }), (answer) => answer.status)
      assert.strictEqual(yield* status(ada.token), 401)
      assert.strictEqual(yield* status(newest), 200)
      assert.strictEqual(yield* status(grace.token), 200)
    })))
  it.effect("leaves behind what it said of its subscriber", () => {
    const store = keeping()
    const mint = inWorld(
      Effect.fnUntraced(function*({ backend, person }) {
        const ada = yield* person("ada")
        yield* backend.mint(ada.id, { ttlSeconds: 1, claims: { profile: { job_title: "Analyst", country: "UK" } } })
        yield* TestClock.adjust("1 hour")
        yield* backend.mint(ada.id)
        assert.strictEqual(store.count("TokenRemoved"), 2)
        return ada
      }),
      {},
      store.layer
    )
    return Effect.flatMap(mint, () =>
      inWorld(
        Effect.fnUntraced(function*({ backend, request }) {
          const ada = backend.findSubscriber("ada")
          const { token } = yield* backend.mint(ada?.id ?? "")
          const { body } = yield* request("GET", "/api/fabric/subscriber/info", { token })
          assert.deepInclude(body, { job_title: "Analyst", country: "UK" })
        }),
        {},
        Layer.succeed(Storage.Storage, {
          load: Effect.sync(() => {
            const gone = new Set(
              store.changes.flatMap((change) => change._tag === "TokenRemoved" ? [change.token] : [])
            )
            return store.changes.filter((change) => change._tag !== "TokenMinted" || !gone.has(change.token.token))
          }),
          commit: () => Effect.void
        })
      ))
  })
})

describe("a guest", () => {
  it.effect("is forgotten with its last token", () => {
    const store = keeping()
    return inWorld(
      Effect.fnUntraced(function*({ backend, person, request, room }) {
        const [ada, office] = [yield* person("ada"), yield* room("office")]
        const invited = yield* request("POST", "/api/fabric/subscriber/invites", {
          ...ada,
          body: { address_id: office }
        })
        assert.strictEqual(invited.status, 201)
        yield* TestClock.adjust("3 hours")
        yield* backend.mint(ada.id)
        assert.strictEqual(store.count("GuestRemoved"), 1)
      }),
      {},
      store.layer
    )
  })
  it.effect("is the oldest to be forgotten when there are more than two thousand, and subscribers are not", () =>
    inWorld(Effect.fnUntraced(function*({ backend, person, request, room }) {
      const [ada, office] = [yield* person("ada"), yield* room("office")]
      const guests: Array<string> = []
      for (let n = 0; n < 2005; n++) {
        guests.push((yield* backend.mintGuest({ allowed: [office], attribute: "x", expiresAt: undefined })).token)
      }
      const status = (token: string | undefined) =>
        Effect.map(request("GET", "/api/fabric/addresses", { token: token ?? "" }), (answer) => answer.status)
      assert.strictEqual(yield* status(guests[0]), 401)
      assert.strictEqual(yield* status(guests.at(-1)), 200)
      assert.strictEqual(yield* status(ada.token), 200)
    })))
  it.effect("that renews its token stays, though it is the oldest of too many", () =>
    inWorld(Effect.fnUntraced(function*({ backend, request, room }) {
      const office = yield* room("office")
      const mint = backend.mintGuest({ allowed: [office], attribute: "x", expiresAt: undefined })
      const oldest = yield* mint
      for (let n = 0; n < 1999; n++) yield* mint
      const { token } = yield* backend.refresh(oldest.refreshToken)
      assert.strictEqual((yield* request("GET", "/api/fabric/addresses", { token })).status, 200)
      // one more, and somebody has to go
      yield* mint
      const again = yield* Effect.result(backend.refresh(oldest.refreshToken))
      assert.strictEqual(again._tag, "Failure")
    })))
})

describe("what is stored", () => {
  it.effect("has a bound in bytes, and what is stored already can be read beyond it", () =>
    inWorld(
      Effect.fnUntraced(function*({ person, request, room }) {
        const [ada, office] = [yield* person("ada"), yield* room("office")]
        const send = Effect.map(
          request("POST", "/api/fabric/messages", {
            ...ada,
            body: { conversation_id: office, text: "x".repeat(10_000) }
          }),
          (answer) => answer.status
        )
        assert.strictEqual(yield* send, 200)
        assert.strictEqual(yield* send, 200)
        assert.strictEqual(yield* send, 507)
        assert.strictEqual((yield* request("POST", "/_sandbox/rooms", { body: { name: "x".repeat(200) } })).status, 200)
        assert.strictEqual((yield* request("GET", "/api/fabric/messages", ada)).body.data.length, 2)
      }),
      { maxStoredBytes: 34_000 }
    ))
  it.effect("counts what it takes in memory, not how long it is as JSON", () =>
    inWorld(
      Effect.fnUntraced(function*({ person, request, room }) {
        const [ada, office] = [yield* person("ada"), yield* room("office")]
        const metadata = { many: Array.from({ length: 10_000 }, () => ({})) }
        const body = { conversation_id: office, text: "x", metadata }
        assert.strictEqual((yield* request("POST", "/api/fabric/messages", { ...ada, body })).status, 507)
      }),
      { maxStoredBytes: 600_000 }
    ))
})
