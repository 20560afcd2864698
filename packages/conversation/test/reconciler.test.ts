import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Reason from "@effect-signalwire/schema/Reason"
import { type ConnectionState, idle } from "@effect-signalwire/subscription/ConnectionState"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { Monitor } from "../src/internal/monitor.ts"
import { type Member, type Options, Reconciler } from "../src/internal/reconciler.ts"

const connected: ConnectionState = { _tag: "Connected", resumed: false, catchingUp: false, reason: null }
const connecting: ConnectionState = { _tag: "Connecting", polling: false, reason: null }
const reason = new Reason.Transport({ detail: "the server answered 403" })
const reconnecting: ConnectionState = { _tag: "Reconnecting", attempt: 1, delayMillis: 0, polling: false, reason }

/** A reconciler, what it warned of, and a member that reads as soon as it is asked. */
const start = Effect.fnUntraced(function*(
  options: Partial<Options> & { readonly session?: ConnectionState; readonly onWarn?: () => void } = {}
) {
  const warnings: Array<string> = []
  const telemetry = Instrumentation.warnings((message) => {
    warnings.push(message)
    options.onWarn?.()
  })
  const session = options.session ?? connected
  const monitor = new Monitor(session)
  const reconciler = new Reconciler(
    { minMillis: 10_000, maxMillis: 40_000, whileConnected: true, patienceMillis: 5000, ...options },
    session,
    monitor,
    telemetry,
    yield* Effect.context()
  )
  let reads = 0
  let missed = 0
  const member: Member = {
    isAsked: false,
    mark: Effect.sync(() => {
      reads++
      reconciler.hasRead(member, Number.POSITIVE_INFINITY, missed)
      missed = 0
    })
  }
  const scope = yield* Scope.make()
  yield* Scope.provide(reconciler.join(member), scope)
  const become = (state: ConnectionState) => {
    monitor.sessionIs(state)
    reconciler.sessionIs(state)
  }
  return {
    reconciler,
    monitor,
    member,
    warnings,
    become,
    reads: () => reads,
    miss: () => missed++,
    leave: Scope.close(scope, Exit.void)
  }
})

/** Lets time pass in small steps. */
const seconds = (count: number) => Effect.replicateEffect(TestClock.adjust("1 second"), count, { discard: true })

describe("the reconciler", () => {
  it.effect("P1.4: asks after the shortest interval, and less and less often while nothing was missed", () =>
    Effect.gen(function*() {
      const { reads } = yield* start()
      yield* seconds(9)
      assert.strictEqual(reads(), 0)
      yield* seconds(4)
      assert.strictEqual(reads(), 1)
      yield* seconds(26)
      assert.strictEqual(reads(), 2)
      yield* seconds(3600)
      assert.isAtMost(reads(), 2 + 90)
      assert.isAtLeast(reads(), 2 + 70)
    }))

  it.effect("P1.4: asks soon again once something was missed", () =>
    Effect.gen(function*() {
      const { miss, reads } = yield* start()
      yield* seconds(600)
      miss()
      const before = reads()
      for (let second = 0; second < 60 && reads() === before; second++) yield* seconds(1)
      yield* seconds(13)
      assert.strictEqual(reads() - before, 2)
    }))

  it.effect("P1.7: polls at the shortest interval once there was no session for 5 seconds, warns once, and says so", () =>
    Effect.gen(function*() {
      const { become, monitor, reads, warnings } = yield* start({ session: idle })
      become(connecting)
      yield* seconds(4)
      become(reconnecting)
      assert.strictEqual(reads(), 0)
      yield* seconds(1)
      assert.strictEqual(reads(), 1)
      assert.deepInclude(yield* monitor.state.get, { _tag: "Reconnecting", polling: true, reason })
      yield* seconds(100)
      assert.isAtMost(reads(), 11)
      assert.isAtLeast(reads(), 8)
      assert.strictEqual(warnings.length, 1)
      assert.include(warnings[0], "the server answered 403")
      become(connected)
      assert.deepStrictEqual(yield* monitor.state.get, connected)
    }))

  it.effect("P8.8: warns no more than once a minute of a connection that comes and goes", () =>
    Effect.gen(function*() {
      const { become, warnings } = yield* start()
      for (let round = 0; round < 20; round++) {
        become(reconnecting)
        yield* seconds(8)
        become(connected)
        yield* seconds(1)
      }
      assert.isAtMost(warnings.length, 4)
    }))

  it.effect("waits for one that is busy, and asks it no second time meanwhile", () =>
    Effect.gen(function*() {
      const { member, reads } = yield* start()
      member.isAsked = true
      yield* seconds(600)
      assert.strictEqual(reads(), 0)
    }))

  it.effect("P7.2: asks nobody any more once all have left, and begins again with the next", () =>
    Effect.gen(function*() {
      const { leave, member, monitor, reads, reconciler } = yield* start({ session: reconnecting })
      yield* seconds(6)
      yield* leave
      assert.deepInclude(yield* monitor.state.get, { polling: false })
      const before = reads()
      yield* seconds(600)
      assert.strictEqual(reads(), before)
      yield* Effect.scoped(Effect.andThen(reconciler.join(member), seconds(60)))
      assert.isAbove(reads(), before)
    }))

  it.effect("P7.2: waits once, whatever changes as it asks, and no more once all have left", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      let sleepers = 0
      const counting: Clock.Clock = {
        currentTimeMillis: clock.currentTimeMillis,
        currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
        currentTimeNanos: clock.currentTimeNanos,
        currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
        monotonicTimeNanos: clock.monotonicTimeNanos,
        monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
        sleep: (duration) =>
          Effect.acquireUseRelease(
            Effect.sync(() => sleepers++),
            () => clock.sleep(duration),
            () => Effect.sync(() => sleepers--)
          )
      }
      const { become, leave, miss, reads } = yield* Effect.provideService(
        start({ session: idle }),
        Clock.Clock,
        counting
      )
      yield* seconds(600)
      miss()
      become(connected)
      yield* seconds(1)
      assert.deepStrictEqual([reads(), sleepers], [1, 1])
      yield* leave
      yield* seconds(1)
      assert.strictEqual(sleepers, 0)
    }))

  it.effect("P8.5: asks for what could not be read the shortest interval after it, also where it is turned off", () =>
    Effect.gen(function*() {
      const { reads, reconciler } = yield* start({ whileConnected: false })
      yield* seconds(600)
      assert.strictEqual(reads(), 0)
      let frames = 0
      for (let second = 0; second < 9; second++) {
        reconciler.couldNotRead(++frames)
        yield* seconds(1)
      }
      assert.strictEqual(reads(), 0)
      yield* seconds(4)
      assert.strictEqual(reads(), 1)
      yield* seconds(600)
      assert.strictEqual(reads(), 1)
    }))

  it.effect("P8.7: goes on after a logger that throws", () =>
    Effect.gen(function*() {
      let isBroken = true
      const { reads } = yield* start({
        session: reconnecting,
        onWarn: () => {
          if (!isBroken) return
          isBroken = false
          throw new Error("no disk")
        }
      })
      yield* seconds(60)
      assert.isAtLeast(reads(), 3)
    }))
})

/** A sequence that is asked to read, and does so when the test says. */
class Sequence implements Member {
  isAsked = false
  asked = 0
  readonly mark = Effect.sync(() => {
    this.asked++
  })
}

const startMany = Effect.fnUntraced(function*(whileConnected: boolean, count: number) {
  const { leave, member, reconciler } = yield* start({ whileConnected })
  yield* leave
  member.isAsked = true
  const sequences = Array.from({ length: count }, () => new Sequence())
  for (const sequence of sequences) yield* reconciler.join(sequence)
  return { reconciler, sequences }
})

const askedOf = (sequences: ReadonlyArray<Sequence>) => sequences.map(({ asked }) => asked)

describe("what could not be read as it came", () => {
  it.effect("P1.4: is looked for by each sequence, though another has read since", () =>
    Effect.gen(function*() {
      const { reconciler, sequences } = yield* startMany(false, 3)
      const [first, second] = sequences
      assert(first && second)
      reconciler.couldNotRead(7)
      reconciler.hasRead(first, 8, 0)
      // this one had begun before it came
      reconciler.hasRead(second, 6, 0)
      yield* TestClock.adjust("13 seconds")
      assert.deepStrictEqual(askedOf(sequences), [0, 1, 1])
    }).pipe(Effect.scoped))

  it.effect("P1.4: is looked for again when it came after a look had begun", () =>
    Effect.gen(function*() {
      const { reconciler, sequences } = yield* startMany(false, 1)
      const [only] = sequences
      assert(only)
      reconciler.couldNotRead(7)
      reconciler.couldNotRead(9)
      reconciler.hasRead(only, 8, 0)
      yield* TestClock.adjust("13 seconds")
      assert.deepStrictEqual(askedOf(sequences), [1])
      reconciler.hasRead(only, 9, 0)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(askedOf(sequences), [1])
    }).pipe(Effect.scoped))

  it.effect("P8.5: is looked for once an interval, though more of it comes during each look", () =>
    Effect.gen(function*() {
      const { reconciler, sequences } = yield* startMany(false, 1)
      const [only] = sequences
      assert(only)
      for (let second = 1; second <= 60; second++) {
        reconciler.couldNotRead(second)
        yield* seconds(1)
        if (only.isAsked) reconciler.hasRead(only, second - 1, 0)
      }
      assert.isAtMost(only.asked, 6)
      assert.isAtLeast(only.asked, 4)
    }).pipe(Effect.scoped))

  it.effect("P1.4: one sequence that reads all the time does not keep another from it", () =>
    Effect.gen(function*() {
      const { reconciler, sequences } = yield* startMany(true, 2)
      const [busy] = sequences
      assert(busy)
      for (let times = 0; times < 20; times++) {
        reconciler.hasRead(busy, times, 0)
        yield* TestClock.adjust("2 seconds")
      }
      assert.isAbove(sequences[1]?.asked ?? 0, 0)
    }).pipe(Effect.scoped))

  it.effect("P8.5: is not asked for again of one that has not got to it", () =>
    Effect.gen(function*() {
      const { reconciler, sequences } = yield* startMany(true, 1)
      reconciler.couldNotRead(7)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(askedOf(sequences), [1])
    }).pipe(Effect.scoped))
})
