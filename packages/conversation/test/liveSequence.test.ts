import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import { Lifetime } from "@effect-signalwire/runtime/Lifetime"
import { SingleConsumerQueue } from "@effect-signalwire/runtime/SingleConsumerQueue"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Reason from "@effect-signalwire/schema/Reason"
import { type ConnectionState, idle } from "@effect-signalwire/subscription/ConnectionState"
import * as Signal from "@effect-signalwire/subscription/Signal"
import { Subscription } from "@effect-signalwire/subscription/Subscription"
import { SubscriptionError } from "@effect-signalwire/subscription/SubscriptionError"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { constTrue, constVoid } from "effect/Function"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { ConversationError } from "../src/ConversationError.ts"
import type { Cursor } from "../src/Cursor.ts"
import * as Checkpoint from "../src/internal/checkpoint.ts"
import { ConnectionMonitor } from "../src/internal/connectionMonitor.ts"
import { HistoryReader } from "../src/internal/historyReader.ts"
import * as LiveSequence from "../src/internal/liveSequence.ts"
import type { MergeState } from "../src/internal/merge.ts"
import * as MetricsRecorder from "../src/internal/metricsRecorder.ts"
import type { MessagePage } from "../src/internal/pageReader.ts"
import { Reconciler } from "../src/internal/reconciler.ts"
import { Retrier } from "../src/internal/retrier.ts"
import { event, message, page } from "./support.ts"

/** A server, and the sequences of one client, which share the reads of its history. */
const start = Effect.gen(function*() {
  /** What is stored, oldest first. */
  const stored: Array<ConversationMessage> = []
  /** Closed while the responses to reads are under way. */
  const responses = Latch.makeUnsafe(true)
  let sessions = 1
  const monitor = new ConnectionMonitor(idle)
  const session = {
    awaitWake: Effect.never,
    sessionCount: Effect.sync(() => sessions),
    connection: { current: Effect.succeed(idle), changes: Stream.never }
  }
  const retrier = new Retrier(session)
  const reader = new HistoryReader({
    subscription: session,
    monitor,
    retrier,
    lifetime: new Lifetime(),
    instrumentation: Instrumentation.effect,
    pollMillis: 15_000
  })
  const reconciler = new Reconciler(
    { minMillis: 15_000, maxMillis: 300_000, whileConnected: false, graceMillis: 5000 },
    idle,
    monitor,
    Instrumentation.effect,
    yield* Effect.context()
  )
  /** Pages of two messages, as the list is when the request arrives. */
  const pageOf = (newestFirst: ReadonlyArray<ConversationMessage>): MessagePage<ConversationError> =>
    page(
      newestFirst.slice(0, 2),
      newestFirst.length <= 2 ? undefined : Effect.sync(() => Option.some(pageOf(newestFirst.slice(2))))
    )
  let reads = 0
  let refusal: ConversationError | undefined
  const newest = Effect.suspend(() => {
    reads++
    const response = pageOf(stored.toReversed())
    return Effect.andThen(
      responses.await,
      Effect.suspend(() => refusal === undefined ? Effect.succeed(response) : refusal)
    )
  })

  /** Opens a sequence that begins now, and pulls everything; after each batch it waits for `consumer`. */
  const open = Effect.fnUntraced(function*(
    tuning: Partial<LiveSequence.LiveOptions> = {},
    { consumer = Latch.makeUnsafe(true), cursor, everything = false }: {
      readonly consumer?: Latch.Latch
      readonly cursor?: Cursor
      readonly everything?: boolean
    } = {}
  ) {
    const queue = new SingleConsumerQueue<Signal.Signal, SubscriptionError | Cause.Done>()
    const recovered: Array<number> = []
    const warnings: Array<unknown> = []
    const items = yield* LiveSequence.open({
      method: "subscribe",
      subscription: Subscription.of({
        ...session,
        subscribe: Effect.succeed({
          signals: queue.take,
          requestDiscontinuity: Effect.sync(() => queue.offer(Signal.requested)),
          takeBuffered: Effect.sync(() => queue.clear())
        }),
        signals: Stream.never,
        events: Stream.never,
        ready: Effect.void,
        reconnect: Effect.void
      }),
      history: { key: "history", method: "subscribe", newest },
      reader,
      monitor,
      reconciler,
      isIncluded: constTrue,
      awaitReady: Effect.void,
      start: everything
        ? "everything"
        : () => Effect.succeed({ slice: { end: "reached", messages: stored.toReversed() }, isEmitted: false }),
      cursor,
      metrics: {
        ...MetricsRecorder.noop,
        recordRecovered: (messages) => Effect.sync(() => void recovered.push(messages))
      },
      instrumentation: {
        ...Instrumentation.warningsOnly(constVoid),
        warn: (...entry) => Effect.sync(() => void warnings.push(entry))
      },
      tuning: {
        overlapSeconds: 10,
        memory: 8192,
        recoveryLimit: 10_000,
        isReconciled: true,
        cursorMillis: 1000,
        ...tuning
      }
    })
    const received: Array<string> = []
    const pulling = yield* items.pipe(
      Effect.map((batch) => {
        for (const item of batch) {
          if (item._tag === "Message") received.push(`${item.message.text}${item.late ? " (late)" : ""}`)
        }
      }),
      Effect.andThen(consumer.await),
      Effect.forever,
      Effect.forkScoped({ startImmediately: true })
    )
    return {
      received,
      recovered,
      warnings,
      /** Pulls items, until it ends or fails. */
      pulling,
      items,
      end: (exit: Exit.Exit<never, SubscriptionError | Cause.Done>) => queue.done(exit),
      receive: (...signals: ReadonlyArray<Signal.Signal>) =>
        Effect.andThen(Effect.sync(() => queue.offerAll(signals)), runReady)
    }
  })
  return {
    open,
    monitor,
    reader,
    responses,
    reads: () => reads,
    /** Another session becomes ready; returns its signal. */
    connect: () => {
      reader.tick()
      return Signal.connected(++sessions)
    },
    store: (...messages: ReadonlyArray<ConversationMessage>) => stored.push(...messages),
    forget: () => stored.splice(0),
    /** Reads fail from now on. */
    refuse: (error: ConversationError) => (refusal = error)
  }
})

const connected = { _tag: "Connected", resumed: false, catchingUp: false, reason: null } as const

/** Runs everything that is ready. */
const runReady = TestClock.adjust(0)

describe("LiveSequence", () => {
  it.effect("P1.4: finds a message that was never pushed, however much later the messages are that were pushed since", () =>
    Effect.gen(function*() {
      const { open, store } = yield* start
      store(message("first", 1000))
      const { receive, received } = yield* open()
      store(message("never pushed", 1001), message("pushed", 2000))
      yield* receive(Signal.event(event("pushed", 2000)))
      yield* receive(Signal.requested)
      assert.deepStrictEqual(received, ["pushed", "never pushed (late)"])
    }))

  it.effect("P3.1: emits what it missed by time and then id, also when it reads in parts", () =>
    Effect.gen(function*() {
      const { connect, open, store } = yield* start
      store(message("0", 999))
      const { receive, received } = yield* open({ recoveryLimit: 3 })
      // messages of one time are on both sides of the border between parts, and the list is by the time only
      store(message("a", 1000), message("e", 1001), message("c", 1001), message("d", 1001), message("b", 1001))
      store(message("f", 1002), message("g", 1003))
      yield* receive(connect(), Signal.event(event("g", 1003)))
      assert.deepStrictEqual(received, ["a", "b", "c", "d", "e", "f", "g"])
    }))

  it.effect("P1.1: reads again after a reconnect if it joins the read of another sequence, which began before the reconnect", () =>
    Effect.gen(function*() {
      const { connect, open, responses, store } = yield* start
      const other = yield* open()
      const { receive, received } = yield* open()
      yield* responses.close
      yield* other.receive(Signal.requested)
      store(message("missed", 1000))
      yield* receive(connect())
      yield* responses.open
      yield* runReady
      assert.deepStrictEqual(received, ["missed"])
    }))

  it.effect("P1.1: reads again after its buffer was full if it joins the read of another sequence, which began before that", () =>
    Effect.gen(function*() {
      const { open, responses, store } = yield* start
      const other = yield* open()
      const { receive, received } = yield* open()
      yield* responses.close
      yield* other.receive(Signal.requested)
      store(message("dropped", 1000))
      yield* receive(Signal.overflow)
      yield* responses.open
      yield* runReady
      assert.deepStrictEqual(received, ["dropped"])
    }))

  it.effect("P2.1: emits a message once if it is pushed while it is read, and later parts are longer than its memory", () =>
    Effect.gen(function*() {
      const { connect, open, responses, store } = yield* start
      const { receive, received } = yield* open({ recoveryLimit: 2, memory: 2 })
      store(...["a", "b", "c", "d", "e", "f", "g", "h"].map((text, index) => message(text, 1000 + index)))
      yield* responses.close
      yield* receive(connect())
      yield* receive(Signal.event(event("a", 1000)))
      yield* responses.open
      yield* Effect.replicateEffect(runReady, 20)
      assert.strictEqual(received.join(""), "abcdefgh")
    }))

  it.effect("P1.1: reads again after its buffer was full between two parts, although the last part joined a read that began before", () =>
    Effect.gen(function*() {
      const { connect, open, responses, store } = yield* start
      const other = yield* open()
      const consumer = Latch.makeUnsafe(false)
      const { receive, received } = yield* open({ recoveryLimit: 2 }, { consumer })
      store(...["a", "b", "c", "d"].map((text, index) => message(text, 1000 + index)))
      yield* receive(connect())
      assert.deepStrictEqual(received, ["a"])
      yield* responses.close
      yield* other.receive(Signal.requested)
      store(message("dropped", 1004))
      yield* receive(Signal.overflow)
      yield* consumer.open
      yield* runReady
      yield* responses.open
      yield* runReady
      assert.deepStrictEqual(received, ["a", "b", "c", "d", "dropped"])
    }))

  const unavailable = new ConversationError({
    method: "Cursor.save",
    reason: new Reason.StorageUnavailable({ detail: "the disk is full" })
  })

  it.effect.each<readonly [string, Effect.Effect<void, ConversationError>]>([
    ["fails", Effect.fail(unavailable)],
    ["dies", Effect.die("broken")],
    ["interrupts itself", Effect.interrupt],
    ["hangs", Effect.never]
  ])("P8.7: emits live and missed messages although the store of its cursor %s", ([, save]) =>
    Effect.gen(function*() {
      const { connect, open, store } = yield* start
      let saves = 0
      let isBroken = true
      const cursor: Cursor = {
        load: Effect.succeedNone,
        save: () => Effect.suspend(() => isBroken && ++saves > 0 ? save : Effect.void)
      }
      const opening = yield* Effect.forkScoped(open({ cursorMillis: 0 }, { cursor }), { startImmediately: true })
      const minute = Effect.replicateEffect(TestClock.adjust("5 seconds"), 12)
      yield* minute
      const { receive, received } = yield* Fiber.join(opening)
      store(message("live", 1000))
      yield* receive(Signal.event(event("live", 1000)))
      yield* minute
      store(message("missed", 1001))
      yield* receive(connect())
      yield* minute
      assert.deepStrictEqual(received, ["live", "missed"])
      assert.isAtLeast(saves, 3)
      // the sequence saves once more when it is closed
      isBroken = false
    }).pipe(Effect.scoped))

  it.effect("saves its cursor when it closes and what it received last had nothing to emit", () =>
    Effect.gen(function*() {
      const { open } = yield* start
      const saved: Array<string | undefined> = []
      const cursor: Cursor = {
        load: Effect.succeedNone,
        save: ({ newest }) => Effect.sync(() => void saved.push(newest?.id))
      }
      yield* Effect.scoped(Effect.gen(function*() {
        const { receive } = yield* open({ cursorMillis: 3_600_000 }, { cursor })
        yield* receive(Signal.event(event("a", 1000)))
        yield* receive(Signal.event(event("a", 1000)))
      }))
      assert.deepStrictEqual(saved, [undefined, "a"])
    }))

  it.effect("P1.5: continues where its cursor was saved", () =>
    Effect.gen(function*() {
      const { open, store } = yield* start
      let saved: ReadonlyArray<MergeState> = []
      const cursor: Cursor = {
        load: Effect.sync(() =>
          Option.map(Option.fromUndefinedOr(saved[0]), (state) => Checkpoint.toResumePoint(Checkpoint.fromState(state)))
        ),
        save: (state) => Effect.sync(() => (saved = [state]))
      }
      store(message("before", 1000))
      const first = yield* Effect.scoped(Effect.gen(function*() {
        const { receive, received } = yield* open({}, { cursor })
        store(message("a", 1001))
        yield* receive(Signal.event(event("a", 1001)))
        return received
      }))
      store(message("between", 1002))
      const second = yield* open({}, { cursor })
      yield* runReady
      assert.deepStrictEqual([first, second.received], [["a"], ["between"]])
    }).pipe(Effect.scoped))

  it.effect.each([
    { signal: Signal.requested, reads: 1 },
    { signal: Signal.overflow, reads: 2 }
  ])(
    "P8.5: joins a read under way unless events of its own may have been dropped since: $signal.cause",
    ({ reads: expected, signal }) =>
      Effect.gen(function*() {
        const { open, reads, responses } = yield* start
        const sequences = [yield* open(), yield* open()]
        yield* responses.close
        for (const { receive } of sequences) yield* receive(signal)
        yield* responses.open
        yield* runReady
        assert.strictEqual(reads(), expected)
      })
  )

  it.effect("counts the messages that it missed as recovered, but not those that it starts with", () =>
    Effect.gen(function*() {
      const { connect, open, store } = yield* start
      store(message("a", 1000), message("b", 1001))
      const { receive, received, recovered } = yield* open({}, { everything: true })
      yield* runReady
      store(message("c", 1002), message("d", 1003), message("e", 1004))
      yield* receive(connect())
      yield* receive(connect())
      assert.deepStrictEqual([received, recovered], [["a", "b", "c", "d", "e"], [3]])
    }))

  it.effect("does not count the messages that it starts with as recovered when it reads them in parts", () =>
    Effect.gen(function*() {
      const { open, store } = yield* start
      store(...["a", "b", "c", "d", "e", "f", "g"].map((text, index) => message(text, 1000 + index)))
      const { received, recovered } = yield* open({ recoveryLimit: 2 }, { everything: true })
      yield* runReady
      assert.deepStrictEqual([received.join(""), recovered], ["abcdefg", []])
    }))

  it.effect("P8.8: does not count as catching up once it is closed, even if it was reading then", () =>
    Effect.gen(function*() {
      const { connect, monitor, open, responses } = yield* start
      monitor.setSession(connected)
      yield* Effect.scoped(Effect.gen(function*() {
        const { receive } = yield* open()
        yield* responses.close
        monitor.sessionStarted.emit()
        yield* receive(connect())
        assert.deepStrictEqual(yield* monitor.state.get, { ...connected, catchingUp: true })
      }))
      assert.deepStrictEqual(yield* monitor.state.get, connected)
    }))

  it.effect("P8.8: counts as catching up from the start of a session until it has received what is new, or is no longer pulled", () =>
    Effect.gen(function*() {
      const { connect, monitor, open } = yield* start
      monitor.setSession(connected)
      const { pulling, receive } = yield* open()
      const catchingUp = Effect.map(monitor.state.get, (state) => state._tag === "Connected" && state.catchingUp)
      monitor.sessionStarted.emit()
      assert.isTrue(yield* catchingUp)
      yield* receive(connect())
      assert.isFalse(yield* catchingUp)
      monitor.sessionStarted.emit()
      assert.isTrue(yield* catchingUp)
      yield* Fiber.interrupt(pulling)
      assert.isFalse(yield* catchingUp)
      monitor.sessionStarted.emit()
      assert.isFalse(yield* catchingUp)
    }))

  const catchingUp = { ...connected, catchingUp: true } as const

  it.effect("P8.8: counts as catching up without a break from the start of a session to the end of its read", () =>
    Effect.gen(function*() {
      const { connect, monitor, open, responses } = yield* start
      monitor.setSession(connected)
      const states: Array<ConnectionState> = []
      yield* Effect.forkScoped(
        Stream.runForEach(monitor.state.changes, (state) => Effect.sync(() => states.push(state))),
        { startImmediately: true }
      )
      const { receive } = yield* open()
      yield* responses.close
      monitor.sessionStarted.emit()
      yield* receive(connect())
      yield* responses.open
      yield* runReady
      assert.deepStrictEqual(states, [connected, catchingUp, connected])
    }))

  it.effect("P8.8: does not count as catching up while its consumer has messages to process, before or after its read", () =>
    Effect.gen(function*() {
      const { connect, monitor, open, store } = yield* start
      monitor.setSession(connected)
      const consumer = Latch.makeUnsafe(false)
      const { receive, received } = yield* open({}, { consumer })
      monitor.sessionStarted.emit()
      yield* receive(Signal.event(event("a", 1000)), connect())
      assert.deepStrictEqual([received, yield* monitor.state.get], [["a"], connected])
      store(message("a", 1000), message("b", 1001))
      yield* consumer.release
      yield* runReady
      assert.deepStrictEqual([received, yield* monitor.state.get], [["a", "b"], connected])
    }))

  it.effect("P8.8: does not count as catching up after its read, while its consumer processes what it has read", () =>
    Effect.gen(function*() {
      const { connect, monitor, open, store } = yield* start
      monitor.setSession(connected)
      const { receive, received } = yield* open({}, { consumer: Latch.makeUnsafe(false) })
      store(message("missed", 1000))
      monitor.sessionStarted.emit()
      yield* receive(connect())
      assert.deepStrictEqual([received, yield* monitor.state.get], [["missed"], connected])
    }))

  it.effect("P8.8: counts a read after an interruption as catching up at once, and a check only when it is slow", () =>
    Effect.gen(function*() {
      const { connect, monitor, open, responses } = yield* start
      monitor.setSession(connected)
      const { receive } = yield* open()
      yield* responses.close
      yield* receive(Signal.requested)
      assert.deepStrictEqual(yield* monitor.state.get, connected)
      yield* TestClock.adjust("4 seconds")
      assert.deepStrictEqual(yield* monitor.state.get, catchingUp)
      yield* responses.open
      yield* runReady
      assert.deepStrictEqual(yield* monitor.state.get, connected)
      yield* responses.close
      yield* receive(connect())
      assert.deepStrictEqual(yield* monitor.state.get, catchingUp)
    }))

  it.effect("P9.1: fails when its read is refused, and does not count as catching up any more", () =>
    Effect.gen(function*() {
      const { connect, monitor, open, refuse } = yield* start
      monitor.setSession(connected)
      const { pulling, receive } = yield* open()
      const refusal = new ConversationError({ method: "subscribe", reason: new Reason.Forbidden({ detail: "" }) })
      refuse(refusal)
      monitor.sessionStarted.emit()
      yield* receive(connect())
      assert.strictEqual(yield* Effect.flip(Fiber.join(pulling)), refusal)
      assert.deepStrictEqual(yield* monitor.state.get, connected)
    }))

  it.effect("P8.8: does not count as catching up while its consumer is busy when a session starts", () =>
    Effect.gen(function*() {
      const { monitor, open } = yield* start
      monitor.setSession(connected)
      const { receive } = yield* open({}, { consumer: Latch.makeUnsafe(false) })
      yield* receive(Signal.event(event("a", 1000)))
      monitor.sessionStarted.emit()
      assert.deepStrictEqual(yield* monitor.state.get, connected)
    }))

  it.effect("P8.8: does not count as catching up when a session starts before it has started itself", () =>
    Effect.gen(function*() {
      const { monitor, open } = yield* start
      monitor.setSession(connected)
      const cursor: Cursor = { load: Effect.never, save: () => Effect.void }
      yield* Effect.forkScoped(open({}, { cursor }), { startImmediately: true })
      monitor.sessionStarted.emit()
      assert.deepStrictEqual(yield* monitor.state.get, connected)
    }))

  it.effect("P3.3: warns once of messages that history does not have any more", () =>
    Effect.gen(function*() {
      const { connect, forget, open, store } = yield* start
      store(message("a", 1000))
      const { warnings, receive, received } = yield* open()
      forget()
      store(message("z", 2000))
      yield* receive(connect())
      yield* receive(connect())
      assert.deepStrictEqual(received, ["z"])
      assert.lengthOf(warnings, 1)
      assert.containSubset(warnings, [
        ["messages may be missing", [{ _tag: "Gap", reason: "history-too-short" }], { operation: "subscribe" }]
      ])
    }))

  it.effect("fails with the failure of the session after what was received before it, and again when it is pulled", () =>
    Effect.gen(function*() {
      const { open } = yield* start
      const { end, items, pulling, receive, received } = yield* open()
      const reason = new Reason.Unauthorized({ detail: "expired" })
      yield* receive(Signal.event(event("a", 1000)))
      end(Exit.fail(new SubscriptionError({ method: "subscribe", reason })))
      const errors = [yield* Effect.flip(Fiber.join(pulling)), yield* Effect.flip(items)]
      for (const error of errors) {
        assert(error instanceof ConversationError)
        assert.deepStrictEqual([error.method, error.reason], ["subscribe", reason])
      }
      assert.deepStrictEqual(received, ["a"])
    }))

  it.effect("ends with the session, after it has read what it missed", () =>
    Effect.gen(function*() {
      const { connect, open, responses, store } = yield* start
      const { end, items, pulling, receive, received } = yield* open()
      store(message("missed", 1000))
      yield* responses.close
      yield* receive(connect())
      end(Exit.fail(Cause.Done()))
      yield* responses.open
      assert.isTrue(Exit.isFailure(yield* Fiber.await(pulling)))
      assert.isTrue(Cause.isDone(yield* Effect.flip(items)))
      assert.deepStrictEqual(received, ["missed"])
    }))
})
