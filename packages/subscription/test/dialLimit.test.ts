import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { DialLimit } from "../src/internal/dialLimit.ts"

/** Dials on and on for so long, and returns how often. */
const dialsIn = (limits: ReadonlyArray<DialLimit>, minutes: number) =>
  Effect.gen(function*() {
    const end = (yield* Monotonic.millis) + minutes * 60_000
    let dials = 0
    const dial = (limit: DialLimit) => Effect.andThen(limit.dial(), Effect.sync(() => dials++))
    yield* Effect.forEach(limits, (limit) => Effect.forkScoped(Effect.forever(dial(limit))))
    while ((yield* Monotonic.millis) < end) yield* TestClock.adjust("1 second")
    return dials
  })

describe("a limit on dials", () => {
  it.effect("P8.5: allows ten at once, and ten a minute in the long run", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* dialsIn([new DialLimit(10)], 10), 10 + 10 * 10)
    }))

  it.effect("P8.6: counts no dial that was given up while it waited for its turn", () =>
    Effect.gen(function*() {
      const limit = new DialLimit(10)
      for (let dial = 0; dial < 10; dial++) yield* limit.dial()
      for (let dial = 0; dial < 50; dial++) {
        yield* Fiber.interrupt(yield* Effect.forkChild(limit.dial(), { startImmediately: true }))
      }
      const next = yield* Effect.forkChild(limit.dial(), { startImmediately: true })
      yield* TestClock.adjust("6 seconds")
      yield* Fiber.join(next)
    }))

  it.effect("P8.5: is shared by the clients of a process: a hundred a second", () =>
    Effect.gen(function*() {
      const limits = Array.from({ length: 1000 }, () => new DialLimit(6000))
      const dials = yield* dialsIn(limits, 1 / 6)
      assert.isAtMost(dials, 100 + 100 * 10)
      assert.isAtLeast(dials, 100 * 10)
    }))
})
