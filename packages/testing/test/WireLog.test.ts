import * as MemoryBackend from "@effect-signalwire/testing/MemoryBackend"
import * as TestBackend from "@effect-signalwire/testing/TestBackend"
import { assert, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"

layer(MemoryBackend.layerTestBackend({ wireLog: true }))("the wire log of a backend in memory", (it) => {
  it.effect("contains the requests of a client, and is empty after it was cleared", () =>
    Effect.gen(function*() {
      const { admin } = yield* TestBackend.TestBackend
      const ada = yield* TestBackend.participant("ada")
      const addressId = (yield* admin.createRoom({ name: "office" })).addressId
      yield* ada.join({ addressId })
      const log = yield* admin.log
      const request = log.find((entry) => entry.on === "request" && entry.path.endsWith("/join"))
      assert.strictEqual(request?.on === "request" ? request.subscriberId : undefined, ada.account.id)
      assert.notInclude(JSON.stringify(log), ada.account.token)
      yield* admin.clearLog
      yield* admin.setLog(false)
      yield* ada.join({ addressId })
      assert.deepStrictEqual(yield* admin.log, [])
    }).pipe(Effect.scoped))
})

it.effect("a backend in memory logs nothing by default", () =>
  Effect.gen(function*() {
    const { admin } = yield* TestBackend.TestBackend
    const ada = yield* TestBackend.participant("ada")
    yield* ada.getConversations()
    assert.deepStrictEqual(yield* admin.log, [])
  }).pipe(Effect.scoped, Effect.provide(MemoryBackend.layerTestBackend())))
