import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Reason from "@effect-signalwire/schema/Reason"
import { type ConnectionState, idle } from "@effect-signalwire/subscription/ConnectionState"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { ConnectionMonitor } from "../src/internal/connectionMonitor.ts"
import { type Options, type Reconcilable, Reconciler } from "../src/internal/reconciler.ts"

const connected: ConnectionState = { _tag: "Connected", resumed: false, catchingUp: false, reason: null }
const connecting: ConnectionState = { _tag: "Connecting", polling: false, reason: null }
const reason = new Reason.Transport({ detail: "the server responded with 403" })
const reconnecting: ConnectionState = { _tag: "Reconnecting", attempt: 1, delayMillis: 0, polling: false, reason }

/** A reconciler, its warnings, and a sequence that reads as soon as it is requested to. */
const start = Effect.fnUntraced(function*(
  options: Partial<Options> & {
    readonly session?: ConnectionState
    readonly onWarn?: () => void
    readonly instrumentation?: Instrumentation.Instrumentation
  } = {}
) {
  const warnings: Array<string> = []
  const instrumentation = Instrumentation.warningsOnly((...entry) => {
    warnings.push(entry.map(String).join(": "))
    options.onWarn?.()
  })
  const session = options.session ?? connected
  const monitor = new ConnectionMonitor(session)
  const reconciler = new Reconciler(
    { minMillis: 10_000, maxMillis: 40_000, whileConnected: true, graceMillis: 5000, ...options },
    session,
    monitor,
    options.instrumentation ?? instrumentation,
    yield* Effect.context()
  )
  let reads = 0
  let missed = 0
  const sequence: Reconcilable = {
    isReadPending: false,
    requestRead: Effect.sync(() => {
      reads++
      reconciler.onRead(sequence, Number.POSITIVE_INFINITY, missed)
      missed = 0
    })
  }
  const scope = yield* Scope.make()
  yield* Scope.provide(reconciler.register(sequence), scope)
  const setSession = (state: ConnectionState) => {
    monitor.setSession(state)
    reconciler.setSession(state)
  }
  return {
    reconciler,
    monitor,
    sequence,
    warnings,
    setSession,
    reads: () => reads,
    miss: () => missed++,
    leave: Scope.close(scope, Exit.void)
  }
})

/** The clock, and how many fibers sleep by it. */
const countSleepers = Effect.gen(function*() {
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
  return { clock: counting, sleepers: () => sleepers }
})

/** Advances the clock in steps of a second. */
const seconds = (count: number) => Effect.replicateEffect(TestClock.adjust("1 second"), count, { discard: true })

describe("Reconciler", () => {
  it.effect("P1.4: requests a read after the shortest interval, and doubles it while none recovers a message", () =>
    Effect.gen(function*() {
      const { reads, warnings } = yield* start()
      yield* seconds(9)
      assert.strictEqual(reads(), 0)
      yield* seconds(4)
      assert.strictEqual(reads(), 1)
      yield* seconds(26)
      assert.strictEqual(reads(), 2)
      yield* seconds(3600)
      assert.isAtMost(reads(), 2 + 90)
      assert.isAtLeast(reads(), 2 + 70)
      assert.deepStrictEqual(warnings, [])
    }))

  it.effect("P1.4: resets the interval after a read that recovers a message", () =>
    Effect.gen(function*() {
      const { miss, reads } = yield* start()
      yield* seconds(600)
      miss()
      const before = reads()
      for (let second = 0; second < 60 && reads() === before; second++) yield* seconds(1)
      yield* seconds(13)
      assert.strictEqual(reads() - before, 2)
    }))

  it.effect("P1.7: polls at the shortest interval after 5 seconds without a session, shows it, and warns once", () =>
    Effect.gen(function*() {
      const { setSession, monitor, reads, warnings } = yield* start({ session: idle })
      setSession(connecting)
      yield* seconds(4)
      setSession(reconnecting)
      assert.strictEqual(reads(), 0)
      yield* seconds(1)
      assert.strictEqual(reads(), 1)
      assert.deepInclude(yield* monitor.state.get, { _tag: "Reconnecting", polling: true, reason })
      yield* seconds(100)
      assert.isAtMost(reads(), 11)
      assert.isAtLeast(reads(), 8)
      assert.strictEqual(warnings.length, 1)
      assert.match(warnings[0] ?? "", /the server responded with 403\); .* until there is one$/)
      setSession(connected)
      assert.deepStrictEqual(yield* monitor.state.get, connected)
      // the next time, it waits again before it polls
      yield* seconds(1)
      setSession(reconnecting)
      yield* seconds(4)
      assert.deepInclude(yield* monitor.state.get, { polling: false })
      yield* seconds(1)
      assert.deepInclude(yield* monitor.state.get, { polling: true })
    }))

  it.effect("P1.7: says when history is polled", () =>
    Effect.gen(function*() {
      const { reconciler, setSession } = yield* start()
      setSession(reconnecting)
      const waiting = yield* Effect.forkChild(reconciler.awaitPolling, { startImmediately: true })
      yield* seconds(4)
      assert.isUndefined(waiting.pollUnsafe())
      yield* seconds(1)
      assert.strictEqual(waiting.pollUnsafe()?._tag, "Success")
      yield* reconciler.awaitPolling
    }))

  it.effect("P1.4: requests the reads of all sequences although the first one recovers a message at once", () =>
    Effect.gen(function*() {
      const { miss, reads, reconciler } = yield* start()
      const second = new Sequence()
      yield* reconciler.register(second)
      for (let time = 0; time < 120; time++) {
        miss()
        second.isReadPending = false
        yield* seconds(1)
      }
      assert.isAtLeast(reads(), 8)
      assert.strictEqual(second.requests, reads())
    }))

  it.effect("P8.8: warns at most once a minute of an unstable connection", () =>
    Effect.gen(function*() {
      const { setSession, warnings } = yield* start()
      for (let round = 0; round < 20; round++) {
        setSession(reconnecting)
        yield* seconds(8)
        setSession(connected)
        yield* seconds(1)
      }
      assert.isAtMost(warnings.length, 4)
    }))

  it.effect("requests no second read while one is pending", () =>
    Effect.gen(function*() {
      const { reads, sequence } = yield* start()
      sequence.isReadPending = true
      yield* seconds(600)
      assert.strictEqual(reads(), 0)
    }))

  it.effect("P7.2: stops when the last sequence is closed, and starts again with the next", () =>
    Effect.gen(function*() {
      const { leave, monitor, reads, reconciler, sequence } = yield* start({ session: reconnecting })
      yield* seconds(6)
      yield* leave
      assert.deepInclude(yield* monitor.state.get, { polling: false })
      const before = reads()
      yield* seconds(600)
      assert.strictEqual(reads(), before)
      yield* Effect.scoped(Effect.andThen(reconciler.register(sequence), seconds(60)))
      assert.isAbove(reads(), before)
    }))

  it.effect("P1.7: continues for the other sequences when one of them is closed", () =>
    Effect.gen(function*() {
      const { monitor, reads, reconciler } = yield* start({ session: reconnecting })
      const scope = yield* Scope.make()
      yield* Scope.provide(reconciler.register(new Sequence()), scope)
      yield* seconds(6)
      yield* Scope.close(scope, Exit.void)
      const before = reads()
      assert.deepInclude(yield* monitor.state.get, { polling: true })
      yield* seconds(60)
      assert.isAtLeast(reads() - before, 4)
    }))

  it.effect("P7.2: sleeps once at a time, and not after the last sequence is closed", () =>
    Effect.gen(function*() {
      const { clock, sleepers } = yield* countSleepers
      const { setSession, leave, miss, reads } = yield* Effect.provideService(
        start({ session: idle }),
        Clock.Clock,
        clock
      )
      yield* seconds(600)
      miss()
      setSession(connected)
      yield* seconds(1)
      assert.deepStrictEqual([reads(), sleepers()], [1, 1])
      yield* leave
      yield* seconds(1)
      assert.strictEqual(sleepers(), 0)
    }))

  it.effect("P7.2: sleeps once at a time when the last sequence is closed as it begins, and another one follows", () =>
    Effect.gen(function*() {
      const { clock, sleepers } = yield* countSleepers
      const { leave, reconciler, setSession } = yield* Effect.provideService(start(), Clock.Clock, clock)
      yield* leave
      yield* Effect.scoped(reconciler.register(new Sequence()))
      yield* reconciler.register(new Sequence())
      yield* seconds(1)
      for (const session of [reconnecting, connected, reconnecting, connected]) {
        setSession(session)
        yield* seconds(1)
      }
      assert.strictEqual(sleepers(), 1)
    }))

  it.effect("P8.5: requests a read the shortest interval after a malformed event, even if intervals are turned off", () =>
    Effect.gen(function*() {
      const { reads, reconciler } = yield* start({ whileConnected: false })
      yield* seconds(600)
      assert.strictEqual(reads(), 0)
      let frames = 0
      for (let second = 0; second < 9; second++) {
        reconciler.reportMalformed(++frames)
        yield* seconds(1)
      }
      assert.strictEqual(reads(), 0)
      yield* seconds(4)
      assert.strictEqual(reads(), 1)
      yield* seconds(600)
      assert.strictEqual(reads(), 1)
    }))

  it.effect("P8.7: continues after a logger interrupts itself", () =>
    Effect.gen(function*() {
      let warnings = 0
      const instrumentation: Instrumentation.Instrumentation = {
        ...Instrumentation.effect,
        warn: () => Effect.suspend(() => warnings++ === 0 ? Effect.interrupt : Effect.void)
      }
      const { setSession, reads } = yield* start({ session: idle, instrumentation })
      setSession(connecting)
      yield* seconds(100)
      assert.isAtLeast(reads(), 7)
    }))

  it.effect("P8.7: continues after a logger throws", () =>
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

/** A sequence whose reads the test starts. */
class Sequence implements Reconcilable {
  isReadPending = false
  requests = 0
  readonly requestRead = Effect.sync(() => {
    this.requests++
  })
}

const startMany = Effect.fnUntraced(function*(whileConnected: boolean, count: number) {
  const { leave, reconciler, sequence } = yield* start({ whileConnected })
  yield* leave
  sequence.isReadPending = true
  const sequences = Array.from({ length: count }, () => new Sequence())
  for (const sequence of sequences) yield* reconciler.register(sequence)
  return { reconciler, sequences }
})

const requestsOf = (sequences: ReadonlyArray<Sequence>) => sequences.map(({ requests }) => requests)

describe("a malformed event", () => {
  it.effect("P1.4: is looked up by each sequence, even if another one has read since", () =>
    Effect.gen(function*() {
      const { reconciler, sequences } = yield* startMany(false, 3)
      const [first, second] = sequences
      assert(first && second)
      reconciler.reportMalformed(7)
      reconciler.onRead(first, 8, 0)
      // this read began before the event came
      reconciler.onRead(second, 6, 0)
      yield* TestClock.adjust("13 seconds")
      assert.deepStrictEqual(requestsOf(sequences), [0, 1, 1])
    }).pipe(Effect.scoped))

  it.effect("P1.4: is looked up again when it came after a read had begun", () =>
    Effect.gen(function*() {
      const { reconciler, sequences } = yield* startMany(false, 1)
      const [only] = sequences
      assert(only)
      reconciler.reportMalformed(7)
      reconciler.reportMalformed(9)
      reconciler.onRead(only, 8, 0)
      yield* TestClock.adjust("13 seconds")
      assert.deepStrictEqual(requestsOf(sequences), [1])
      reconciler.onRead(only, 9, 0)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(requestsOf(sequences), [1])
    }).pipe(Effect.scoped))

  it.effect.each<readonly [string, (reconciler: Reconciler, first: Sequence) => void]>([
    ["was looked up", (reconciler, first) => reconciler.onRead(first, 7, 0)],
    ["is not needed any more", () => {}]
  ])(
    "P8.5: is looked up an interval after it came, even if an earlier one %s",
    ([label, settle]) =>
      Effect.gen(function*() {
        const { reconciler, sequences } = yield* startMany(false, 1)
        const [lasting] = sequences
        assert(lasting)
        const leaving = new Sequence()
        const scope = yield* Scope.make()
        yield* Scope.provide(reconciler.register(leaving), scope)
        reconciler.onRead(lasting, 7, 0)
        reconciler.reportMalformed(7)
        settle(reconciler, leaving)
        if (label === "is not needed any more") yield* Scope.close(scope, Exit.void)
        yield* seconds(60)
        const before = lasting.requests
        reconciler.reportMalformed(8)
        yield* seconds(9)
        assert.strictEqual(lasting.requests, before)
        yield* seconds(4)
        assert.strictEqual(lasting.requests, before + 1)
      }).pipe(Effect.scoped)
  )

  it.effect("P8.5: is looked up once an interval, even if more events come during each read", () =>
    Effect.gen(function*() {
      const { reconciler, sequences } = yield* startMany(false, 1)
      const [only] = sequences
      assert(only)
      for (let second = 1; second <= 60; second++) {
        reconciler.reportMalformed(second)
        yield* seconds(1)
        if (only.isReadPending) reconciler.onRead(only, second - 1, 0)
      }
      assert.isAtMost(only.requests, 6)
      assert.isAtLeast(only.requests, 4)
    }).pipe(Effect.scoped))

  it.effect("P1.4: is looked up by one sequence while another one reads all the time", () =>
    Effect.gen(function*() {
      const { reconciler, sequences } = yield* startMany(true, 2)
      const [busy] = sequences
      assert(busy)
      for (let times = 0; times < 20; times++) {
        reconciler.onRead(busy, times, 0)
        yield* TestClock.adjust("2 seconds")
      }
      assert.isAbove(sequences[1]?.requests ?? 0, 0)
    }).pipe(Effect.scoped))

  it.effect("P8.5: is not requested again from a sequence whose read is pending", () =>
    Effect.gen(function*() {
      const { reconciler, sequences } = yield* startMany(true, 1)
      reconciler.reportMalformed(7)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(requestsOf(sequences), [1])
    }).pipe(Effect.scoped))
})
