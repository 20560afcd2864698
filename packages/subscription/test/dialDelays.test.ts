import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as DialDelays from "../src/internal/dialDelays.ts"

const reason = new Reason.Transport({ detail: "gone" })

/** The delays after these numbers of failures in a row. */
const delays = (nextDelay: DialDelays.NextDelay, attempts: ReadonlyArray<number>) =>
  Effect.forEach(attempts, (attempt) => nextDelay(attempt, reason))

describe("exponential", () => {
  it.effect("P8.2: doubles with each failure up to the cap, with full jitter", () =>
    Effect.gen(function*() {
      const nextDelay = DialDelays.exponential({ baseMillis: 100, capMillis: 1000 })
      const with999 = Effect.provideService(delays(nextDelay, [0, 1, 2, 3, 4, 5, 0]), Random.Random, {
        nextIntUnsafe: () => 0,
        nextDoubleUnsafe: () => 0.999
      })
      assert.deepStrictEqual(yield* with999, [100, 200, 400, 799, 999, 999, 100])
    }))
})

describe("scheduled", () => {
  it.effect("returns the delays of the schedule, and then none", () =>
    Effect.gen(function*() {
      const nextDelay = DialDelays.scheduled(Schedule.exponential("1 second").pipe(Schedule.upTo({ times: 2 })))
      assert.deepStrictEqual(yield* delays(nextDelay, [0, 1, 2]), [1000, 2000, null])
    }))

  it.effect("starts over when the failures do", () =>
    Effect.gen(function*() {
      const nextDelay = DialDelays.scheduled(Schedule.exponential("1 second"))
      assert.deepStrictEqual(yield* delays(nextDelay, [0, 1, 0, 1]), [1000, 2000, 1000, 2000])
    }))

  it.effect("begins with its first delay, however many failures came before", () =>
    Effect.gen(function*() {
      const nextDelay = DialDelays.scheduled(Schedule.exponential("1 second"))
      assert.deepStrictEqual(yield* delays(nextDelay, [3, 4]), [1000, 2000])
    }))

  it.effect("passes the reason of the failure to the schedule", () =>
    Effect.gen(function*() {
      const byReason = Schedule.identity<Reason.Reason>().pipe(
        Schedule.modifyDelay(({ input }) => Effect.succeed(Duration.seconds(input._tag === "Timeout" ? 5 : 1)))
      )
      const nextDelay = DialDelays.scheduled(byReason)
      assert.strictEqual(yield* nextDelay(0, reason), 1000)
      assert.strictEqual(yield* nextDelay(1, new Reason.Timeout({ millis: 10 })), 5000)
    }))
})
