import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { ConnectTriggers } from "../src/internal/connectTriggers.ts"

/** Whether an effect completes without waiting. */
const isImmediate = (effect: Effect.Effect<unknown>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    const exit = fiber.pollUnsafe()
    yield* Fiber.interrupt(fiber)
    return exit !== undefined
  })

describe("a request to dial", () => {
  it.effect("stays pending until it is taken, and counts once however often it is made", () =>
    Effect.gen(function*() {
      const { request } = new ConnectTriggers()
      assert.isFalse(yield* isImmediate(request.take))
      request.set()
      request.set()
      assert.isTrue(request.isPending)
      assert.isTrue(yield* isImmediate(request.take))
      assert.isFalse(request.isPending)
      assert.isFalse(yield* isImmediate(request.take))
    }))

  it.effect("is taken at once by what waits for it", () =>
    Effect.gen(function*() {
      const { request } = new ConnectTriggers()
      const waiting = yield* Effect.forkChild(request.take, { startImmediately: true })
      request.set()
      yield* Fiber.join(waiting)
      assert.isFalse(request.isPending)
    }))

  it.effect("is not taken by what no longer waits for it, and can be withdrawn", () =>
    Effect.gen(function*() {
      const { request } = new ConnectTriggers()
      yield* Fiber.interrupt(yield* Effect.forkChild(request.take, { startImmediately: true }))
      request.set()
      assert.isTrue(request.isPending)
      request.clear()
      assert.isFalse(yield* isImmediate(request.take))
    }))
})

describe("a signal of the platform", () => {
  it.effect.each<readonly ["offline" | "wake", boolean]>([["wake", true], ["offline", false]])(
    "reaches the session, and ends waits if the network is back: %s",
    ([signal, endsWaits]) =>
      Effect.gen(function*() {
        const triggers = new ConnectTriggers()
        const received: Array<string> = []
        yield* triggers.watchSession((trigger) => received.push(trigger))
        const retrying = yield* Effect.forkChild(triggers.nextRetry, { startImmediately: true })
        triggers.onPlatformSignal(signal)
        yield* Effect.yieldNow
        assert.deepStrictEqual(received, [signal])
        assert.strictEqual(triggers.wake.isPending, endsWaits)
        assert.strictEqual(retrying.pollUnsafe() !== undefined, endsWaits)
        assert.isFalse(triggers.request.isPending)
      })
  )

  it.effect("is pending before the session receives it", () =>
    Effect.gen(function*() {
      const triggers = new ConnectTriggers()
      const pending: Array<boolean> = []
      yield* triggers.watchSession(() => pending.push(triggers.wake.isPending))
      triggers.onPlatformSignal("wake")
      assert.deepStrictEqual(pending, [true])
    }))
})
