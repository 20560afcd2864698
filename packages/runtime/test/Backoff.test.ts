import * as Backoff from "@effect-signalwire/runtime/Backoff"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"

const attempts = [0, 1, 2, 3, 4, 5]

describe("delayMillis", () => {
  it("doubles from the base up to the cap", () => {
    assert.deepStrictEqual(
      attempts.map((attempt) => Backoff.delayMillis({ baseMillis: 1000, capMillis: 10_000, attempt })),
      [1000, 2000, 4000, 8000, 10_000, 10_000]
    )
  })

  it("is spread over the whole delay, the capped one included, by a random number", () => {
    const delay = (attempt: number, random: number) =>
      Backoff.delayMillis({ baseMillis: 1000, capMillis: 10_000, attempt, random })
    assert.deepStrictEqual([delay(2, 0), delay(2, 0.25), delay(2, 0.9999), delay(9, 0.5)], [0, 1000, 4000, 5000])
  })

  it("is a whole number", () => {
    assert.strictEqual(Backoff.delayMillis({ baseMillis: 10, capMillis: 10_000, attempt: 1, random: 1 / 3 }), 7)
  })

  it("is the cap after any number of attempts, and 0 if the base is 0", () => {
    assert.strictEqual(Backoff.delayMillis({ baseMillis: 500, capMillis: 30_000, attempt: 5000 }), 30_000)
    assert.strictEqual(Backoff.delayMillis({ baseMillis: 0, capMillis: 30_000, attempt: 5000 }), 0)
  })
})

it.effect("the schedule doubles its delays up to the cap, each with 20 % of jitter", () =>
  Effect.gen(function*() {
    const step = yield* Schedule.toStep(Backoff.schedule("1 second", "10 seconds"))
    for (const expected of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
      const [, delay] = yield* Effect.orDie(step(0, undefined))
      const millis = Duration.toMillis(delay)
      assert.isAtLeast(millis, expected * 0.8)
      assert.isAtMost(millis, expected * 1.2)
    }
  }).pipe(Random.withSeed("jitter")))

it.effect("a started schedule returns its delays in whole milliseconds, and then none", () =>
  Effect.gen(function*() {
    const nextDelay = yield* Backoff.start(Schedule.spaced("1500 micros").pipe(Schedule.upTo({ times: 2 })))
    const delays = yield* Effect.forEach(["a", "b", "c"], nextDelay)
    assert.deepStrictEqual(delays, [2, 2, null])
  }))

it.live("a started schedule receives the time of the clock, as a schedule at fixed times needs it", () =>
  Effect.gen(function*() {
    const times: Array<number> = []
    const schedule = Schedule.fromStep(Effect.succeed((now: number) => {
      times.push(now)
      return Effect.succeed<[null, Duration.Duration]>([null, Duration.zero])
    }))
    const nextDelay = yield* Backoff.start(schedule)
    const before = yield* Clock.currentTimeMillis
    yield* nextDelay(undefined)
    assert.isAtLeast(times[0] ?? 0, before)
  }))
