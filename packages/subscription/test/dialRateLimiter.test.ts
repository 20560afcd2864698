import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { DialRateLimiter } from "../src/internal/dialRateLimiter.ts"

/** Dials continuously for that many minutes, and returns how often. */
const dialsIn = (limiters: ReadonlyArray<DialRateLimiter>, minutes: number) =>
  Effect.gen(function*() {
    const end = (yield* Monotonic.millis) + minutes * 60_000
    let dials = 0
    const dial = (limiter: DialRateLimiter) => Effect.andThen(limiter.acquireDial(), Effect.sync(() => dials++))
    yield* Effect.forEach(limiters, (limiter) => Effect.forkScoped(Effect.forever(dial(limiter))))
    while ((yield* Monotonic.millis) < end) yield* TestClock.adjust("1 second")
    return dials
  })

describe("the rate limiter of dials", () => {
  it.effect("P8.5: allows ten dials at once, then ten a minute", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* dialsIn([new DialRateLimiter(10)], 10), 10 + 10 * 10)
    }))

  it.effect("P8.6: does not count a dial that is interrupted while it waits", () =>
    Effect.gen(function*() {
      const limiter = new DialRateLimiter(10)
      for (let dial = 0; dial < 10; dial++) yield* limiter.acquireDial()
      for (let dial = 0; dial < 50; dial++) {
        yield* Fiber.interrupt(yield* Effect.forkChild(limiter.acquireDial(), { startImmediately: true }))
      }
      const next = yield* Effect.forkChild(limiter.acquireDial(), { startImmediately: true })
      yield* TestClock.adjust("6 seconds")
      yield* Fiber.join(next)
    }))

  it.effect("P8.6: does not count a dial that is interrupted while it waits for other clients of the process", () =>
    Effect.gen(function*() {
      const others = new DialRateLimiter(6000)
      const limiter = new DialRateLimiter(10)
      for (let dial = 0; dial < 100; dial++) yield* others.acquireDial()
      for (let dial = 0; dial < 10; dial++) {
        yield* Fiber.interrupt(yield* Effect.forkChild(limiter.acquireDial(), { startImmediately: true }))
      }
      yield* TestClock.adjust("1 second")
      const dials = yield* Effect.forkChild(Effect.replicateEffect(limiter.acquireDial(), 10), {
        startImmediately: true
      })
      yield* TestClock.adjust(0)
      assert.strictEqual(dials.pollUnsafe()?._tag, "Success")
    }))

  it.effect("P8.8: says how long a dial waits, and nothing of one that need not wait", () =>
    Effect.gen(function*() {
      const limiter = new DialRateLimiter(10)
      const waits: Array<number> = []
      const acquire = limiter.acquireDial((wait, millis) => {
        waits.push(millis)
        return wait
      })
      yield* Effect.replicateEffect(acquire, 10)
      assert.deepStrictEqual(waits, [])
      const next = yield* Effect.forkChild(acquire, { startImmediately: true })
      yield* TestClock.adjust("5999 millis")
      assert.isUndefined(next.pollUnsafe())
      yield* TestClock.adjust("1 milli")
      yield* Fiber.join(next)
      assert.deepStrictEqual(waits, [6000])
    }))

  it.effect("P8.5: lets three wake signals end a wait at once, and then as many as dials", () =>
    Effect.gen(function*() {
      const limiter = new DialRateLimiter(10)
      let wakes = 0
      const wake = Effect.tap(limiter.acquireWake, () => Effect.sync(() => wakes++))
      yield* Effect.forkScoped(Effect.forever(wake, { disableYield: true }))
      const counts: Array<number> = []
      for (const millis of [0, 5999, 1, 6000, 60_000]) {
        yield* TestClock.adjust(millis)
        counts.push(wakes)
      }
      assert.deepStrictEqual(counts, [3, 3, 4, 5, 15])
    }))

  it.effect("P8.5: limits all clients of a process to a hundred dials a second", () =>
    Effect.gen(function*() {
      const limiters = Array.from({ length: 1000 }, () => new DialRateLimiter(6000))
      const dials = yield* dialsIn(limiters, 1 / 6)
      assert.isAtMost(dials, 100 + 100 * 10)
      assert.isAtLeast(dials, 100 * 10)
    }))
})
