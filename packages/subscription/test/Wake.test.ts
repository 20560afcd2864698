/** Tests of the platform's signals, on platforms with and without a usable `document`. */
import * as Streams from "@effect-signalwire/runtime/Streams"
import * as Wake from "@effect-signalwire/subscription/Wake"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { afterEach, beforeEach, vi } from "vitest"

/** Records the signals of a platform with this `document`. */
const listen = Effect.fnUntraced(function*(document: object | undefined) {
  vi.stubGlobal("document", document)
  const signals: Array<string> = []
  yield* Streams.listen(Wake.platform, (signal) => signals.push(signal))
  return signals
})

const page = () => Object.assign(new EventTarget(), { visibilityState: "visible" })

describe("the platform's signals", () => {
  beforeEach(() => {
    const target = new EventTarget()
    vi.stubGlobal("addEventListener", target.addEventListener.bind(target))
    vi.stubGlobal("removeEventListener", target.removeEventListener.bind(target))
    vi.stubGlobal("dispatchEvent", target.dispatchEvent.bind(target))
  })
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it.effect("report that the network is back or gone, and that the page becomes visible", () =>
    Effect.gen(function*() {
      const document = page()
      const signals = yield* listen(document)
      dispatchEvent(new Event("online"))
      dispatchEvent(new Event("offline"))
      assert.deepStrictEqual(signals, ["wake", "offline"])
      document.visibilityState = "hidden"
      document.dispatchEvent(new Event("visibilitychange"))
      assert.deepStrictEqual(signals, ["wake", "offline"])
      document.visibilityState = "visible"
      document.dispatchEvent(new Event("visibilitychange"))
      assert.deepStrictEqual(signals, ["wake", "offline", "wake"])
    }))

  it.effect("P7.2: stop when the scope closes", () =>
    Effect.gen(function*() {
      const document = page()
      const signals = yield* Effect.scoped(listen(document))
      dispatchEvent(new Event("online"))
      document.dispatchEvent(new Event("visibilitychange"))
      assert.deepStrictEqual(signals, [])
    }))

  it.effect.each([{}, { addEventListener: "no function" }])(
    "P8.7: are those of the network where document is not an event target: %j",
    (document) =>
      Effect.gen(function*() {
        const signals = yield* listen(document)
        dispatchEvent(new Event("online"))
        assert.deepStrictEqual(signals, ["wake"])
      })
  )

  it.effect("are empty where there is no document", () =>
    Effect.gen(function*() {
      const signals = yield* listen(undefined)
      dispatchEvent(new Event("online"))
      assert.deepStrictEqual(signals, [])
    }))
})

it.effect("clients listen to the platform's signals by default", () =>
  Effect.gen(function*() {
    assert.strictEqual(yield* Wake.Wake, Wake.platform)
  }))
