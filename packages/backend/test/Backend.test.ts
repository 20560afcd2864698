import type * as Backend from "@effect-signalwire/backend/Backend"
import * as Faults from "@effect-signalwire/backend/Faults"
import type { Change } from "@effect-signalwire/backend/Records"
import * as Storage from "@effect-signalwire/backend/Storage"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import { inWorld } from "./support.ts"

const say = (backend: Backend.Service, subscriberId: string, addressId: string) =>
  Effect.map(
    backend.seed([{ subscriberId, addressId, content: { text: "hi", metadata: {}, details: {} } }]),
    ([sent]) => sent?.ts ?? 0
  )

describe("the store", () => {
  it.effect("what could not be committed did not happen", () => {
    let isFull = false
    const storage = Layer.succeed(Storage.Storage, {
      load: Effect.succeed([]),
      commit: () => isFull ? Effect.fail(new Storage.StorageError({ message: "full" })) : Effect.void
    })
    return inWorld(
      Effect.fnUntraced(function*({ backend, person, request, room }) {
        const ada = yield* person("ada")
        const office = yield* room("office")
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
  it.effect("a backend that starts on what another committed goes on where it stopped", () => {
    const kept: Array<Change> = []
    const storage = Layer.succeed(Storage.Storage, {
      load: Effect.sync(() => [...kept]),
      commit: (changes) => Effect.sync(() => void kept.push(...changes))
    })
    return Effect.gen(function*() {
      const before = yield* inWorld(
        Effect.fnUntraced(function*({ backend, person, room }) {
          const ada = yield* person("ada")
          const office = yield* room("office")
          const ts = yield* say(backend, ada.id, office)
          return { ada, office, ts, identity: backend.identity, stored: [...backend.stored()] }
        }),
        {},
        storage
      )
      yield* inWorld(
        Effect.fnUntraced(function*({ backend, request }) {
          assert.deepStrictEqual(backend.identity, before.identity)
          assert.deepStrictEqual([...backend.stored()], before.stored)
          assert.strictEqual((yield* request("GET", "/api/fabric/messages", before.ada)).body.data.length, 1)
          assert.isAbove(yield* say(backend, before.ada.id, before.office), before.ts)
        }),
        {},
        storage
      )
    })
  })
})

describe("seeding", () => {
  it.effect("call logs and times of one's own are stored, and told or not", () =>
    inWorld(Effect.fnUntraced(function*({ person, request, room }) {
      const ada = yield* person("ada")
      const office = yield* room("office")
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
  it.effect("many messages are stored at once, or none of them", () =>
    inWorld(Effect.fnUntraced(function*({ backend, person, request, room }) {
      const ada = yield* person("ada")
      const office = yield* room("office")
      const message = (addressId: string, text: string) => ({ from: ada.id, addressId, text })
      const seed = (...messages: ReadonlyArray<object>) => request("POST", "/_sandbox/messages", { body: { messages } })
      assert.strictEqual((yield* seed(message(office, "a"), message("nowhere", "b"))).status, 404)
      assert.deepStrictEqual([...backend.stored()], [])
      yield* seed(message(office, "a"), message(office, "b"), message(office, "c"))
      assert.deepStrictEqual([...backend.stored()].map(({ text }) => text), ["a", "b", "c"])
      assert.strictEqual((yield* request("GET", "/api/fabric/conversations", ada)).body.data.length, 1)
    })))
  it.effect("web pages from elsewhere do not get at the admin API", () =>
    inWorld(Effect.fnUntraced(function*({ request }) {
      const status = (headers: Record<string, string>) =>
        Effect.map(request("GET", "/_sandbox", { headers }), (answer) => answer.status)
      assert.strictEqual(yield* status({ origin: "https://evil.example" }), 403)
      assert.strictEqual(yield* status({ host: "rebound.example:4000" }), 403)
      assert.strictEqual(yield* status({ origin: "null" }), 403)
      assert.strictEqual(yield* status({ origin: "http://localhost:5173", host: "127.0.0.1:4000" }), 200)
      assert.strictEqual(yield* status({ host: "[::1]:4000" }), 200)
    })))
  it.effect("somebody or something that is not there is named, with its place", () =>
    inWorld(Effect.fnUntraced(function*({ person, request, room }) {
      const [ada, office] = [yield* person("ada"), yield* room("office")]
      const seed = (second: object) =>
        request("POST", "/_sandbox/messages", {
          body: { messages: [{ from: ada.id, addressId: office, text: "a" }, second] }
        })
      const stranger = yield* seed({ from: ada.addressId, addressId: office, text: "b" })
      assert.strictEqual(stranger.status, 404)
      assert.include(stranger.body.error, "messages[1].from")
      const nowhere = yield* seed({ from: ada.id, addressId: "nowhere", text: "b" })
      assert.include(nowhere.body.error, "messages[1].addressId")
      const long = yield* seed({ from: ada.id, addressId: office, text: "b".repeat(10_001) })
      assert.strictEqual(long.body.errors[0].attribute, "messages[1].text")
    })))
  it.effect("a body of the wrong shape names what is wrong", () =>
    inWorld(Effect.fnUntraced(function*({ request }) {
      const { body, status } = yield* request("POST", "/_sandbox/messages", { body: { messages: [{ from: 1 }] } })
      assert.strictEqual(status, 422)
      assert.strictEqual(body.errors[0].attribute, "messages[0].from")
    })))
})

describe("chance and faults", () => {
  it.effect("the same seed makes the same ids and tokens", () => {
    const run = inWorld(({ person }) => person("ada")).pipe(Random.withSeed("a seed"))
    return Effect.gen(function*() {
      assert.deepStrictEqual(yield* run, yield* run)
    })
  })
  it.effect("a seeded probability repeats itself", () =>
    Effect.gen(function*() {
      const faults = yield* Faults.make
      const run = () => {
        faults.set({
          rules: [{ match: { on: "connect" }, action: { type: "refuse" }, probability: 0.5 }],
          seed: 7
        })
        return Array.from({ length: 32 }, () => faults.at({ on: "connect" }) !== undefined)
      }
      const first = run()
      assert.deepStrictEqual(run(), first)
      assert.isTrue(first.includes(true) && first.includes(false))
    }))
  it("a star stands for any text", () => {
    assert.isTrue(Faults.matchesPattern("/api/*/messages", "/api/fabric/messages"))
    assert.isTrue(Faults.matchesPattern("*", ""))
    assert.isFalse(Faults.matchesPattern("ab*ba", "aba"))
    assert.isFalse(Faults.matchesPattern("/api", "/api/x"))
    assert.isTrue(Faults.matchesPattern("a*b*c", "a1b2b3c"))
  })
})
