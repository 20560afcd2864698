import type * as Backend from "@effect-signalwire/backend/Backend"
import * as Faults from "@effect-signalwire/backend/Faults"
import type { Change } from "@effect-signalwire/backend/Records"
import * as Storage from "@effect-signalwire/backend/Storage"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import { withBackend } from "./support.ts"

const seed = (backend: Backend.Service, subscriberId: string, addressId: string) =>
  Effect.map(
    backend.seed([{ subscriberId, addressId, content: { text: "hi", metadata: {}, details: {} } }]),
    ([sent]) => sent?.ts ?? 0
  )

describe("storage", () => {
  it.effect("a change that cannot be committed is not applied", () => {
    let isFull = false
    const storage = Layer.succeed(Storage.Storage, {
      load: Effect.succeed([]),
      commit: () => isFull ? Effect.fail(new Storage.StorageError({ message: "full" })) : Effect.void
    })
    return withBackend(
      Effect.fnUntraced(function*({ backend, addSubscriber, request, addRoom }) {
        const ada = yield* addSubscriber("ada")
        const office = yield* addRoom("office")
        isFull = true
        const sent = yield* request("POST", "/api/fabric/messages", {
          ...ada,
          body: { conversation_id: office, text: "hi" }
        })
        assert.strictEqual(sent.status, 500)
        assert.deepStrictEqual([...backend.stored()], [])
        isFull = false
        assert.deepStrictEqual((yield* request("GET", "/api/fabric/conversations", ada)).body.data, [])
      }),
      {},
      storage
    )
  })
  it.effect("a backend that starts with stored changes continues where the previous one stopped", () => {
    const stored: Array<Change> = []
    const storage = Layer.succeed(Storage.Storage, {
      load: Effect.sync(() => [...stored]),
      commit: (changes) => Effect.sync(() => void stored.push(...changes))
    })
    return Effect.gen(function*() {
      const before = yield* withBackend(
        Effect.fnUntraced(function*({ backend, addSubscriber, addRoom }) {
          const ada = yield* addSubscriber("ada")
          const office = yield* addRoom("office")
          const ts = yield* seed(backend, ada.id, office)
          return { ada, office, ts, identity: backend.identity, stored: [...backend.stored()] }
        }),
        {},
        storage
      )
      yield* withBackend(
        Effect.fnUntraced(function*({ backend, request }) {
          assert.deepStrictEqual(backend.identity, before.identity)
          assert.deepStrictEqual([...backend.stored()], before.stored)
          assert.strictEqual((yield* request("GET", "/api/fabric/messages", before.ada)).body.data.length, 1)
          assert.isAbove(yield* seed(backend, before.ada.id, before.office), before.ts)
        }),
        {},
        storage
      )
    })
  })
})

describe("seeding", () => {
  it.effect("call logs and messages with explicit times are stored", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request, addRoom }) {
      const ada = yield* addSubscriber("ada")
      const office = yield* addRoom("office")
      const log = { subtype: "log", kind: "call_ended", details: { status: "ended" }, hidden: true, ts: 12.25 }
      const created = yield* request("POST", "/_sandbox/messages", {
        body: {
          messages: [{ from: ada.id, addressId: office, ...log }, { from: ada.id, addressId: office, text: "x" }]
        }
      })
      assert.strictEqual(created.body.messages[0].ts, 12.25)
      const { body } = yield* request("GET", `/_sandbox/messages?addressId=${office}`)
      const seeded = body.messages.find(({ ts }: { readonly ts: number }) => ts === 12.25)
      assert.deepInclude(seeded, { subtype: "log", kind: "call_ended", text: null, hidden: true })
      assert.strictEqual((yield* request("GET", "/_sandbox/messages?addressId=x")).body.messages.length, 0)
    })))
  it.effect("several messages are stored atomically", () =>
    withBackend(Effect.fnUntraced(function*({ backend, addSubscriber, request, addRoom }) {
      const ada = yield* addSubscriber("ada")
      const office = yield* addRoom("office")
      const message = (addressId: string, text: string) => ({ from: ada.id, addressId, text })
      const seed = (...messages: ReadonlyArray<object>) => request("POST", "/_sandbox/messages", { body: { messages } })
      assert.strictEqual((yield* seed(message(office, "a"), message("nowhere", "b"))).status, 404)
      assert.deepStrictEqual([...backend.stored()], [])
      yield* seed(message(office, "a"), message(office, "b"), message(office, "c"))
      assert.deepStrictEqual([...backend.stored()].map(({ text }) => text), ["a", "b", "c"])
      assert.strictEqual((yield* request("GET", "/api/fabric/conversations", ada)).body.data.length, 1)
    })))
  it.effect("the admin API rejects foreign web pages", () =>
    withBackend(Effect.fnUntraced(function*({ request }) {
      const status = (headers: Record<string, string>) =>
        Effect.map(request("GET", "/_sandbox", { headers }), (response) => response.status)
      assert.strictEqual(yield* status({ origin: "https://evil.example" }), 403)
      assert.strictEqual(yield* status({ host: "rebound.example:4000" }), 403)
      assert.strictEqual(yield* status({ origin: "null" }), 403)
      assert.strictEqual(yield* status({ origin: "http://localhost:5173", host: "127.0.0.1:4000" }), 200)
      assert.strictEqual(yield* status({ host: "[::1]:4000" }), 200)
    })))
  it.effect("a reference to an unknown sender or address is reported with its path", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request, addRoom }) {
      const [ada, office] = [yield* addSubscriber("ada"), yield* addRoom("office")]
      const seed = (second: object) =>
        request("POST", "/_sandbox/messages", {
          body: { messages: [{ from: ada.id, addressId: office, text: "a" }, second] }
        })
      const unknownSender = yield* seed({ from: ada.addressId, addressId: office, text: "b" })
      assert.strictEqual(unknownSender.status, 404)
      assert.include(unknownSender.body.error, "messages[1].from")
      const unknownAddress = yield* seed({ from: ada.id, addressId: "nowhere", text: "b" })
      assert.include(unknownAddress.body.error, "messages[1].addressId")
      const long = yield* seed({ from: ada.id, addressId: office, text: "b".repeat(10_001) })
      assert.strictEqual(long.body.errors[0].attribute, "messages[1].text")
    })))
  it.effect("an invalid body is reported with the path of the invalid field", () =>
    withBackend(Effect.fnUntraced(function*({ request }) {
      const { body, status } = yield* request("POST", "/_sandbox/messages", { body: { messages: [{ from: 1 }] } })
      assert.strictEqual(status, 422)
      assert.strictEqual(body.errors[0].attribute, "messages[0].from")
    })))
})

describe("randomness and faults", () => {
  it.effect("the same seed generates the same ids and tokens", () => {
    const run = withBackend(({ addSubscriber }) => addSubscriber("ada")).pipe(Random.withSeed("a seed"))
    return Effect.gen(function*() {
      assert.deepStrictEqual(yield* run, yield* run)
    })
  })
  it.effect("probabilities are reproducible with a seed", () =>
    Effect.gen(function*() {
      const faults = yield* Faults.make
      const run = () => {
        faults.set({
          rules: [{ match: { on: "connect" }, action: { type: "refuse" }, probability: 0.5 }],
          seed: 7
        })
        return Array.from({ length: 32 }, () => faults.take({ on: "connect" }) !== undefined)
      }
      const first = run()
      assert.deepStrictEqual(run(), first)
      assert.isTrue(first.includes(true) && first.includes(false))
    }))
  it("a star matches any string", () => {
    assert.isTrue(Faults.matchesPattern("/api/*/messages", "/api/fabric/messages"))
    assert.isTrue(Faults.matchesPattern("*", ""))
    assert.isFalse(Faults.matchesPattern("ab*ba", "aba"))
    assert.isFalse(Faults.matchesPattern("/api", "/api/x"))
    assert.isTrue(Faults.matchesPattern("a*b*c", "a1b2b3c"))
  })
})
