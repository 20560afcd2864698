import * as Telemetry from "@effect-signalwire/schema/Telemetry"
import { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { Monitor } from "../src/internal/monitor.ts"
import { type Member, Reconciler } from "../src/internal/reconciler.ts"

const connected = ConnectionState.Connected({ resumed: false, catchingUp: false, reason: null })

/** A sequence that is asked to read, and does so when the test says. */
class Sequence implements Member {
  isAsked = false
  asked = 0
  readonly mark = Effect.sync(() => {
    this.asked++
  })
}

const start = Effect.fnUntraced(function*(whileConnected: boolean, count: number) {
  const reconciler = new Reconciler(
    { minMillis: 10_000, maxMillis: 40_000, whileConnected, patienceMillis: 5000 },
    connected,
    new Monitor(connected),
    Telemetry.effect,
    yield* Effect.scope,
    yield* Clock.Clock
  )
  const sequences = Array.from({ length: count }, () => new Sequence())
  for (const sequence of sequences) yield* reconciler.join(sequence)
  yield* TestClock.adjust(0)
  return { reconciler, sequences }
})

const askedOf = (sequences: ReadonlyArray<Sequence>) => sequences.map(({ asked }) => asked)

describe("when history is read without a sign that anything is missing", () => {
  it.effect("P1.4: each sequence looks for what could not be read, though another has read since", () =>
    Effect.gen(function*() {
      const { reconciler, sequences } = yield* start(false, 3)
      const [first, second, third] = sequences
      assert(first && second && third)
      reconciler.couldNotRead(7)
      yield* reconciler.hasRead(first, 8, 0)
      // this one had begun before it came
      yield* reconciler.hasRead(second, 6, 0)
      yield* TestClock.adjust("13 seconds")
      assert.deepStrictEqual(askedOf(sequences), [0, 1, 1])
    }).pipe(Effect.scoped))

  it.effect("P1.4: looks again for what could not be read after a look had begun", () =>
    Effect.gen(function*() {
      const { reconciler, sequences } = yield* start(false, 1)
      const [only] = sequences
      assert(only)
      reconciler.couldNotRead(7)
      reconciler.couldNotRead(9)
      yield* reconciler.hasRead(only, 8, 0)
      yield* TestClock.adjust("13 seconds")
      assert.deepStrictEqual(askedOf(sequences), [1])
      yield* reconciler.hasRead(only, 9, 0)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(askedOf(sequences), [1])
    }).pipe(Effect.scoped))

  it.effect("P1.4: one sequence that reads all the time does not keep another from it", () =>
    Effect.gen(function*() {
      const { reconciler, sequences } = yield* start(true, 2)
      const [busy] = sequences
      assert(busy)
      for (let times = 0; times < 20; times++) {
        yield* reconciler.hasRead(busy, times, 0)
        yield* TestClock.adjust("2 seconds")
      }
      assert.isAbove(sequences[1]?.asked ?? 0, 0)
    }).pipe(Effect.scoped))

  it.effect("P8.5: does not ask one again that has not got to it", () =>
    Effect.gen(function*() {
      const { reconciler, sequences } = yield* start(true, 1)
      reconciler.couldNotRead(7)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(askedOf(sequences), [1])
    }).pipe(Effect.scoped))
})
