import { Emitter } from "@effect-signalwire/runtime/Emitter"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as TestClock from "effect/testing/TestClock"
import { type FailedAttempt, FailureCounter, Retrier } from "../src/internal/retrier.ts"

const refused = new Reason.Unauthorized({ detail: "expired" })

describe("Retrier", () => {
  const start = () => {
    const wake = new Emitter<void>()
    const policy = new Retrier({ awaitWake: wake.next })
    const delay = Effect.forkChild(policy.wait(refused, { attempt: 5, tookMillis: 0, capMillis: 3600 }), {
      startImmediately: true
    })
    return { delay, wake }
  }

  it.effect("P8.6: a wake signal ends all delays at once", () =>
    Effect.gen(function*() {
      const { delay, wake } = start()
      const waiting = yield* Effect.replicateEffect(delay, 100)
      yield* TestClock.adjust("1 minute")
      wake.emit()
      yield* TestClock.adjust(0)
      assert.strictEqual(waiting.filter((fiber) => fiber.pollUnsafe() !== undefined).length, 100)
    }))

  it.effect("P8.5: wake signals end three delays at once, and then one every five seconds", () =>
    Effect.gen(function*() {
      const { delay, wake } = start()
      let ended = 0
      yield* delay.pipe(
        Effect.flatMap(Fiber.join),
        Effect.andThen(Effect.sync(() => ended++)),
        Effect.forever,
        Effect.forkScoped({ startImmediately: true })
      )
      for (let second = 0; second < 60; second++) {
        wake.emit()
        yield* TestClock.adjust("1 second")
      }
      assert.isAtMost(ended, 3 + 12)
      assert.isAtLeast(ended, 12)
    }).pipe(Effect.scoped))
})

it.effect("P8.5: wake signals that come within a tenth of a second count as one", () =>
  Effect.gen(function*() {
    const wake = new Emitter<void>()
    const retrier = new Retrier({ awaitWake: wake.next })
    // three at once, each of them twice
    for (const millis of [0, 100, 101, 100, 101, 100]) {
      const delay = yield* Effect.forkChild(retrier.wait(refused, { attempt: 5, tookMillis: 0, capMillis: 3600 }), {
        startImmediately: true
      })
      yield* TestClock.adjust(millis)
      wake.emit()
      yield* TestClock.adjust(0)
      assert.isDefined(delay.pollUnsafe())
    }
  }))

/** How long a delay is, in milliseconds, when the random number is always `random`. */
const lengthOf = (reason: Reason.Reason, failed: FailedAttempt, random = 0) =>
  Effect.gen(function*() {
    const startedAt = yield* Monotonic.millis
    const retrier = new Retrier({ awaitWake: Effect.never })
    const delay = yield* Effect.forkChild(
      Effect.andThen(retrier.wait(reason, failed), Monotonic.millis).pipe(
        Effect.provideService(Random.Random, { nextDoubleUnsafe: () => random, nextIntUnsafe: () => 0 })
      ),
      { startImmediately: true }
    )
    yield* TestClock.adjust("1 hour")
    return (yield* Fiber.join(delay)) - startedAt
  })

const down = new Reason.ServerError({ status: 503, detail: "" })
const lost = new Reason.Transport({ detail: "lost" })
const refreshable = new Reason.Unauthorized({ detail: "expired", isRetryable: true })

describe("a delay", () => {
  it.effect.each([
    { reason: down, delays: [500, 1000, 2000, 4000, 8000, 10_000, 10_000] },
    { reason: lost, delays: [500, 1000] },
    { reason: new Reason.RateLimited({ retryAfterMillis: null }), delays: [500, 1000] },
    { reason: new Reason.RateLimited({ retryAfterMillis: 0 }), delays: [500, 1000] },
    // whatever the longest delay after other failures is
    { reason: refreshable, delays: [2000, 4000, 8000, 16_000, 30_000, 30_000] },
    { reason: refused, delays: [5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000] }
  ])(
    "P8.5: is twice as long as the one before it, up to a longest one: $reason.message",
    ({ delays, reason }) =>
      Effect.gen(function*() {
        const lengths = yield* Effect.forEach(
          delays,
          (_, attempt) => lengthOf(reason, { attempt, tookMillis: 0, capMillis: 10_000 })
        )
        assert.deepStrictEqual(lengths, delays)
      })
  )

  it.effect("P8.5: has up to a quarter of jitter", () =>
    Effect.gen(function*() {
      const failed: FailedAttempt = { attempt: 1, tookMillis: 0, capMillis: 10_000 }
      assert.strictEqual(yield* lengthOf(down, failed, 0.5), 1125)
      assert.strictEqual(yield* lengthOf(down, { ...failed, attempt: 20 }, 0.5), 11_250)
    }))

  it.effect.each([[400, 600], [899, 101], [950, 100], [60_000, 100]] as const)(
    "is shorter by the time that the attempt took, but no shorter than a tenth of a second: %s ms",
    ([tookMillis, expected]) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* lengthOf(down, { attempt: 1, tookMillis, capMillis: 10_000 }), expected)
      })
  )

  it.effect.each([[0, 7000], [0.5, 7500]] as const)(
    "P8.5: is as long as the server asks for, and up to a second longer: %s",
    ([random, expected]) =>
      Effect.gen(function*() {
        const reason = new Reason.RateLimited({ retryAfterMillis: 7000 })
        const failed: FailedAttempt = { attempt: 5, tookMillis: 5000, capMillis: 100 }
        assert.strictEqual(yield* lengthOf(reason, failed, random), expected)
      })
  )

  it.effect.each([
    { reason: down, isEnded: true },
    { reason: new Reason.RateLimited({ retryAfterMillis: 7000 }), isEnded: false }
  ])(
    "P8.5: ends early after a wake signal, unless the server asks for time: $reason.message",
    ({ isEnded, reason }) =>
      Effect.gen(function*() {
        const wake = new Emitter<void>()
        const retrier = new Retrier({ awaitWake: wake.next })
        const delay = yield* Effect.forkChild(
          retrier.wait(reason, { attempt: 5, tookMillis: 0, capMillis: 10_000 }),
          { startImmediately: true }
        )
        wake.emit()
        yield* TestClock.adjust(0)
        assert.strictEqual(delay.pollUnsafe() !== undefined, isEnded)
      })
  )
})

it("P8.5: counts refused tokens apart from all other failures", () => {
  const failures = new FailureCounter()
  const counted = [down, lost, down, refused, refused, lost].map((reason) => failures.next(reason))
  assert.deepStrictEqual(counted, [0, 1, 2, 0, 1, 3])
})
