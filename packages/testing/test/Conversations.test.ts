import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Cursor from "@effect-signalwire/conversation/Cursor"
import type { TimelineEvent } from "@effect-signalwire/conversation/TimelineEvent"
import { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Streams from "@effect-signalwire/runtime/Streams"
import * as Branded from "@effect-signalwire/schema/Branded"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import { ClientId, MessageId } from "@effect-signalwire/schema/Ids"
import * as Reason from "@effect-signalwire/schema/Reason"
import { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import * as Signal from "@effect-signalwire/subscription/Signal"
import * as Fixtures from "@effect-signalwire/testing/Fixtures"
import * as Mocks from "@effect-signalwire/testing/Mocks"
import { assert, describe, it } from "@effect/vitest"
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Queue from "effect/Queue"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

const { conversationId } = Fixtures.conversationMessage()
const addressId = Branded.addressId(conversationId)

/** A message with `name` as its text and id, at a time in unix seconds. */
const at = (name: string, epochSeconds: number, clientId: string | null = null) =>
  Fixtures.conversationMessage({
    id: MessageId.make(name),
    text: name,
    epochSeconds,
    clientId: clientId === null ? null : ClientId.make(clientId)
  })
const liveAt = (name: string, epochSeconds: number) =>
  Signal.event(Fixtures.conversationEvent({ id: MessageId.make(name), text: name, epochSeconds }))

/** Signals whose listeners are added to `observers`. */
const signalsOf = (observers: Array<(signals: ReadonlyArray<Signal.Signal>) => void>) =>
  Streams.fromListen<ReadonlyArray<Signal.Signal>>((observer) => Effect.sync(() => void observers.push(observer)))

/** A service over a history and a session that the test controls. */
const start = Effect.fnUntraced(function*(options: Conversations.ServiceOptions & { readonly pageSize?: number } = {}) {
  const connected = ConnectionState.Connected({ resumed: false, catchingUp: false, reason: null })
  const history: Array<ConversationMessage> = []
  /** The signals of each subscriber; those of the first are kept from the beginning. */
  const queues = [yield* Queue.unbounded<Signal.Signal, Cause.Done>()]
  let subscribers = 0
  const observers: Array<(signals: ReadonlyArray<Signal.Signal>) => void> = []
  let sessions = 1
  let reads = 0
  let duringRead: Effect.Effect<unknown, SignalWireHttpError> = Effect.void
  const read = Effect.suspend(() => {
    reads++
    const page = Fixtures.page(history.toSorted((a, b) => b.epochSeconds - a.epochSeconds), options.pageSize ?? 2)
    const during = duringRead
    duringRead = Effect.void
    return Effect.as(during, page)
  })
  const context = yield* Layer.build(
    Conversations.layerServices(options).pipe(Layer.provide([
      Mocks.http({ getMessages: () => read, getConversationMessages: () => read }),
      Mocks.subscription({
        subscribe: Effect.gen(function*() {
          const signals = queues[subscribers++] ?? (yield* Queue.unbounded<Signal.Signal, Cause.Done>())
          if (!queues.includes(signals)) queues.push(signals)
          return {
            signals: Queue.takeAll(signals),
            requestDiscontinuity: Effect.asVoid(Queue.offer(signals, Signal.requested)),
            takeBuffered: Effect.orDie(Queue.clear(signals))
          }
        }),
        connection: { current: Effect.succeed(connected), changes: Stream.make(connected) },
        signals: signalsOf(observers),
        ready: Effect.void,
        sessionCount: Effect.sync(() => sessions)
      })
    ]))
  )
  return {
    conversations: Context.get(context, Conversations.Conversations),
    store: (...messages: ReadonlyArray<ConversationMessage>) => history.push(...messages),
    forget: () => history.splice(0),
    signal: (...batch: ReadonlyArray<Signal.Signal>) => {
      for (const observer of observers) observer(batch)
      return Effect.forEach(queues, (signals) => Queue.offerAll(signals, batch), { discard: true })
    },
    reconnect: Effect.suspend(() => {
      const discontinuity = Signal.connected(++sessions)
      for (const observer of observers) observer([discontinuity])
      return Effect.forEach(queues, (signals) => Queue.offer(signals, discontinuity), { discard: true })
    }),
    end: Effect.suspend(() => Effect.forEach(queues, Queue.end, { discard: true })),
    reads: () => reads,
    /** Runs an effect between the next request for the newest page and its response. */
    duringNextRead: (effect: Effect.Effect<unknown, SignalWireHttpError>) => {
      duringRead = effect
    }
  }
})

const label = (event: TimelineEvent) =>
  event._tag === "Message" ? `${event.message.text}${event.late ? " late" : ""}` : event._tag

describe("connection", () => {
  it.effect("P8.8: is catching up from the start of a session until subscriptions have read history", () =>
    Effect.gen(function*() {
      const { conversations, reconnect } = yield* start()
      yield* Effect.forkScoped(Stream.runDrain(yield* conversations.subscription()), { startImmediately: true })
      yield* TestClock.adjust(0)
      assert.deepInclude(yield* conversations.connection.current, { _tag: "Connected", catchingUp: false })
      yield* reconnect
      assert.deepInclude(yield* conversations.connection.current, { _tag: "Connected", catchingUp: true })
      yield* TestClock.adjust(0)
      assert.deepInclude(yield* conversations.connection.current, { _tag: "Connected", catchingUp: false })
    }).pipe(Effect.scoped))
})

describe("two subscriptions", () => {
  it.effect("P1.1: read again after a reconnect during a read of another one that began before it", () =>
    Effect.gen(function*() {
      const { conversations, duringNextRead, reconnect, store } = yield* start({ sweep: false })
      const received: Array<string | null> = []
      const open = Effect.gen(function*() {
        const events = yield* conversations.subscription()
        yield* Effect.forkScoped(Stream.runForEach(events, ({ text }) => Effect.sync(() => received.push(text))))
      })
      yield* open
      duringNextRead(Effect.gen(function*() {
        store(at("missed", 1))
        yield* reconnect
        yield* Effect.sleep(100)
      }))
      yield* Effect.forkScoped(open)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(received, ["missed", "missed"])
    }).pipe(Effect.scoped))
})

describe("timeline", () => {
  it.effect("starts with history, oldest first, and emits CaughtUp", () =>
    Effect.gen(function*() {
      const { conversations, end, store } = yield* start({ pageSize: 10 })
      store(at("b", 2), at("a", 1))
      yield* end
      const events = yield* Stream.runCollect(conversations.timeline({ addressId }))
      assert.deepStrictEqual(events.map(label), ["a", "b", "CaughtUp"])
    }))

  const failingWith = (reason: () => Reason.Reason | undefined, reads: { count: number } = { count: 0 }) =>
    Layer.build(
      Conversations.layerServices().pipe(
        Layer.provide([
          Mocks.http({
            getConversationMessages: () =>
              Effect.suspend(() => {
                reads.count++
                const why = reason()
                return why === undefined
                  ? Effect.succeed(Fixtures.page([at("a", 1)]))
                  : Effect.fail(new SignalWireHttpError({ method: "getConversationMessages", reason: why }))
              })
          }),
          Mocks.subscription({
            subscribe: Effect.succeed({
              signals: Effect.never,
              requestDiscontinuity: Effect.void,
              takeBuffered: Effect.succeed([])
            }),
            sessionCount: Effect.succeed(1)
          })
        ])
      )
    )

  it.effect.each([
    new Reason.ServerError({ status: 503, detail: "" }),
    new Reason.RateLimited({ retryAfterMillis: null }),
    new Reason.Transport({ detail: "refused", sent: "no" }),
    new Reason.Timeout({ millis: 4000 }),
    new Reason.Malformed({ path: "", detail: "status 200 with a body that is not JSON but text/html" }),
    new Reason.Unauthorized({ detail: "expired" })
  ])("P1.6: retries its start after a recoverable failure: $_tag", (reason) =>
    Effect.gen(function*() {
      for (const since of [undefined, 0]) {
        let isDown = true
        const context = yield* failingWith(() => isDown ? reason : undefined)
        const { timeline } = Context.get(context, Conversations.Conversations)
        const watching = yield* Effect.forkChild(
          Stream.runCollect(Stream.take(timeline({ addressId, since }), 1)),
          { startImmediately: true }
        )
        yield* TestClock.adjust("10 minutes")
        isDown = false
        yield* TestClock.adjust("6 minutes")
        assert.deepStrictEqual((yield* Fiber.join(watching)).map(label), ["a"])
      }
    }).pipe(Effect.scoped))

  it.effect.each([
    new Reason.Forbidden({ detail: "" }),
    new Reason.NotFound({ detail: "" }),
    Reason.invalidParameter("addressId", "is not an id"),
    new Reason.Malformed({ path: "links.next", detail: "the links lead nowhere" })
  ])("P1.6: fails its start after a failure that is not recoverable: $_tag", (reason) =>
    Effect.gen(function*() {
      for (const since of [undefined, 0]) {
        const context = yield* failingWith(() => reason)
        const { timeline } = Context.get(context, Conversations.Conversations)
        const error = yield* Effect.flip(Stream.runDrain(timeline({ addressId, since })))
        assert.strictEqual(error.reason._tag, reason._tag)
      }
    }).pipe(Effect.scoped))

  it.effect("P1.6: fails its start with Timeout after its timeout", () =>
    Effect.gen(function*() {
      const context = yield* failingWith(() => new Reason.ServerError({ status: 503, detail: "" }))
      const { timeline } = Context.get(context, Conversations.Conversations)
      const watching = yield* Effect.forkChild(
        Effect.flip(Stream.runDrain(timeline({ addressId, timeout: "30 seconds" }))),
        { startImmediately: true }
      )
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual((yield* Fiber.join(watching)).reason._tag, "Timeout")
    }).pipe(Effect.scoped))

  it.effect("P8.5: does not retry before the Retry-After of a rate limiting server", () =>
    Effect.gen(function*() {
      const reads = { count: 0 }
      const context = yield* failingWith(() => new Reason.RateLimited({ retryAfterMillis: 120_000 }), reads)
      const { timeline } = Context.get(context, Conversations.Conversations)
      yield* Effect.forkChild(Stream.runDrain(timeline({ addressId })), { startImmediately: true })
      yield* TestClock.adjust("119 seconds")
      assert.strictEqual(reads.count, 1)
    }).pipe(Effect.scoped))

  it.effect("starts at `since`, over as many pages as needed", () =>
    Effect.gen(function*() {
      const { conversations, end, store } = yield* start({ pageSize: 2 })
      store(...[5, 4, 3, 2, 1].map((time) => at(`m${time}`, time)))
      yield* end
      const events = yield* Stream.runCollect(conversations.timeline({ addressId, since: 0 }))
      assert.deepStrictEqual(events.map(label), ["m1", "m2", "m3", "m4", "m5", "CaughtUp"])
    }))

  it.effect.each([50, DateTime.makeUnsafe(50_000)])(
    "ignores messages before `since` that are pushed later: %s",
    (since) =>
      Effect.gen(function*() {
        const { conversations, end, signal } = yield* start()
        yield* signal(liveAt("early", 49), liveAt("in time", 50))
        yield* end
        const events = yield* Stream.runCollect(conversations.timeline({ addressId, since }))
        assert.deepStrictEqual(events.map(label), ["CaughtUp", "in time"])
      })
  )

  it.effect("P1.2: emits no live message before the messages of an interruption were read back", () =>
    Effect.gen(function*() {
      const { conversations, end, reconnect, signal, store } = yield* start()
      store(at("a", 1))
      const watching = yield* Effect.forkChild(Stream.runCollect(conversations.timeline({ addressId })))
      yield* TestClock.adjust(0)
      store(at("b", 2), at("c", 3), at("d", 4))
      yield* reconnect
      yield* signal(liveAt("d", 4), liveAt("e", 5))
      yield* end
      assert.deepStrictEqual(
        (yield* Fiber.join(watching)).map(label),
        ["a", "CaughtUp", "b", "c", "d", "CaughtUp", "e"]
      )
    }))

  it.effect("P1.1: reads history again when a session starts while history is read", () =>
    Effect.gen(function*() {
      const { conversations, duringNextRead, end, reconnect, store } = yield* start()
      store(at("a", 1))
      const watching = yield* Effect.forkChild(Stream.runCollect(conversations.timeline({ addressId })))
      yield* TestClock.adjust(0)
      duringNextRead(Effect.andThen(reconnect, Effect.sync(() => store(at("b", 2)))))
      yield* reconnect
      yield* TestClock.adjust(0)
      yield* end
      assert.deepStrictEqual((yield* Fiber.join(watching)).map(label), ["a", "CaughtUp", "CaughtUp", "b", "CaughtUp"])
    }))

  it.effect("P1.1: reads all of an interruption again when a session starts between two parts of it", () =>
    Effect.gen(function*() {
      const { conversations, end, reconnect, store } = yield* start({ recoveryLimit: 2 })
      store(at("a", 1))
      const labels: Array<string> = []
      yield* Stream.runForEach(conversations.timeline({ addressId }), (event) =>
        Effect.suspend(() => {
          labels.push(label(event))
          if (label(event) !== "b") return Effect.void
          // in the range of the part that was just read
          store(at("before b", 75))
          return reconnect
        })).pipe(Effect.forkScoped({ startImmediately: true }))
      yield* TestClock.adjust(0)
      store(...["b", "c", "d", "e", "f", "g"].map((name, index) => at(name, 80 + index)))
      yield* reconnect
      yield* TestClock.adjust(0)
      yield* end
      const messages = labels.filter((label) => label !== "CaughtUp")
      assert.deepStrictEqual(messages, ["a", "b", "c", "d", "e", "f", "g", "before b late"])
    }).pipe(Effect.scoped))

  it.effect.each([
    new Reason.Malformed({ path: "", detail: "status 200 with a body that is not JSON but text/html" }),
    new Reason.ServerError({ status: 502, detail: "a body that is not JSON but text/html" })
  ])(
    "P1.1: continues when a gateway responds with a page of its own while messages are read back: $_tag",
    (reason) =>
      Effect.gen(function*() {
        const { conversations, duringNextRead, end, reconnect, store } = yield* start()
        store(at("a", 1))
        const watching = yield* Effect.forkChild(Stream.runCollect(conversations.timeline({ addressId })))
        yield* TestClock.adjust(0)
        store(at("b", 2))
        duringNextRead(Effect.fail(new SignalWireHttpError({ method: "getConversationMessages", reason })))
        yield* reconnect
        yield* TestClock.adjust("5 seconds")
        yield* end
        assert.deepStrictEqual((yield* Fiber.join(watching)).map(label), ["a", "CaughtUp", "b", "CaughtUp"])
      })
  )

  it.effect("P3.2: marks a message late that becomes visible after a later one", () =>
    Effect.gen(function*() {
      const { conversations, end, signal, store } = yield* start()
      store(at("a", 1))
      yield* signal(liveAt("c", 3), liveAt("b", 2))
      yield* end
      const events = yield* Stream.runCollect(conversations.timeline({ addressId }))
      assert.deepStrictEqual(events.map(label), ["a", "CaughtUp", "c", "b late"])
    }))

  it.effect("P2.1: emits an event once that is pushed again", () =>
    Effect.gen(function*() {
      const { conversations, end, signal, store } = yield* start()
      store(at("a", 1))
      yield* signal(liveAt("a", 1), liveAt("b", 2), liveAt("b", 2))
      yield* end
      const events = yield* Stream.runCollect(conversations.timeline({ addressId }))
      assert.deepStrictEqual(events.map(label), ["a", "CaughtUp", "b"])
    }))

  it.effect("ignores messages of other conversations", () =>
    Effect.gen(function*() {
      const { conversations, end, signal } = yield* start()
      yield* signal(liveAt("a", 1))
      yield* end
      const events = yield* Stream.runCollect(conversations.timeline({ addressId: "another" }))
      assert.deepStrictEqual(events.map(label), ["CaughtUp"])
    }))

  it.effect("P3.3: emits a gap when history does not reach back over an interruption", () =>
    Effect.gen(function*() {
      const { conversations, end, forget, reconnect, store } = yield* start()
      store(at("a", 1))
      const watching = yield* Effect.forkChild(Stream.runCollect(conversations.timeline({ addressId })))
      yield* TestClock.adjust(0)
      forget()
      store(at("z", 100))
      yield* reconnect
      yield* end
      assert.deepStrictEqual((yield* Fiber.join(watching)).map(label), ["a", "CaughtUp", "Gap", "z", "CaughtUp"])
    }))

  it.effect("P1.2: reads the messages of an interruption in parts when they exceed the limit", () =>
    Effect.gen(function*() {
      const { conversations, end, reconnect, store } = yield* start({ recoveryLimit: 2 })
      store(at("a", 1))
      const watching = yield* Effect.forkChild(Stream.runCollect(conversations.timeline({ addressId })))
      yield* TestClock.adjust(0)
      store(at("b", 100), at("c", 101), at("d", 102))
      yield* reconnect
      yield* end
      const events = yield* Fiber.join(watching)
      assert.deepStrictEqual(events.map(label), ["a", "CaughtUp", "b", "c", "d", "CaughtUp"])
    }))
})

describe("subscription", () => {
  it.effect("starts now, without earlier messages", () =>
    Effect.gen(function*() {
      const { conversations, end, reconnect, signal, store } = yield* start()
      store(at("before", 1))
      const events = yield* conversations.subscription()
      store(at("missed", 2))
      yield* reconnect
      yield* signal(liveAt("live", 3))
      yield* end
      assert.deepStrictEqual((yield* Stream.runCollect(events)).map(({ text }) => text), ["missed", "live"])
    }).pipe(Effect.scoped))

  it.effect("P5.5: returns a stream that can be run once: a second or concurrent run is a defect", () =>
    Effect.gen(function*() {
      const { conversations, end } = yield* start()
      const events = yield* conversations.subscription()
      const first = yield* Effect.forkScoped(Stream.runDrain(events), { startImmediately: true })
      assert.isTrue(Exit.hasDies(yield* Effect.exit(Stream.runDrain(events))))
      yield* end
      yield* Fiber.join(first)
      assert.isTrue(Exit.hasDies(yield* Effect.exit(Stream.runDrain(events))))
    }).pipe(Effect.scoped))

  it.effect("P1.3: reads back messages after an overflow", () =>
    Effect.gen(function*() {
      const { conversations, end, signal, store } = yield* start()
      const events = yield* conversations.subscription()
      store(at("a", 1), at("b", 2), at("c", 3))
      yield* signal(liveAt("a", 1), Signal.overflow)
      yield* end
      assert.deepStrictEqual((yield* Stream.runCollect(events)).map(({ text }) => text), ["a", "b", "c"])
    }).pipe(Effect.scoped))

  it.effect("P3.3: runs onGap for messages that can't be recovered, before it emits later ones", () =>
    Effect.gen(function*() {
      const { conversations, end, forget, reconnect, signal, store } = yield* start()
      store(at("a", 101))
      const log: Array<string> = []
      const append = (entry: string) => Effect.sync(() => log.push(entry))
      const events = yield* conversations.subscription({
        onGap: ({ from, reason, to }) =>
          append(`${from.epochMilliseconds / 1000} to ${(to?.epochMilliseconds ?? 0) / 1000}: ${reason}`)
      })
      forget()
      store(at("z", 200))
      yield* signal(liveAt("b", 102))
      yield* reconnect
      yield* end
      yield* Stream.runForEach(events, ({ text }) => append(text ?? ""))
      assert.deepStrictEqual(log, ["b", "71 to 200: history-too-short", "z"])
    }).pipe(Effect.scoped))

  it.effect("P1.1: recovers more messages than the limit, without a gap", () =>
    Effect.gen(function*() {
      const { conversations, end, reconnect, store } = yield* start({ recoveryLimit: 2 })
      store(at("a", 1))
      const reasons: Array<string> = []
      const events = yield* conversations.subscription({
        onGap: ({ reason }) => Effect.sync(() => reasons.push(reason))
      })
      const received: Array<string | null> = []
      yield* Stream.runForEach(events, ({ text }) => Effect.sync(() => received.push(text))).pipe(
        Effect.forkScoped({ startImmediately: true })
      )
      store(at("b", 100), at("c", 101), at("d", 102))
      yield* reconnect
      yield* end
      yield* TestClock.adjust(0)
      assert.deepStrictEqual([reasons, received], [[], ["b", "c", "d"]])
    }).pipe(Effect.scoped))

  it.effect("P8.5: reads history an interval after malformed frames, not at once", () =>
    Effect.gen(function*() {
      const { conversations, reads, signal, store } = yield* start({ sweep: { min: "10 seconds", max: "1 hour" } })
      const events = yield* conversations.subscription()
      const received: Array<string | null> = []
      yield* Effect.forkScoped(Stream.runForEach(events, ({ text }) => Effect.sync(() => received.push(text))))
      yield* TestClock.adjust("1 hour")
      const before = reads()
      store(at("a", 1))
      for (let times = 0; times < 10; times++) {
        yield* signal(Signal.malformed({ path: "", message: "not JSON" }))
        yield* TestClock.adjust("900 millis")
      }
      assert.deepStrictEqual([reads() - before, received], [0, []])
      yield* TestClock.adjust("4 seconds")
      assert.deepStrictEqual([reads() - before, received], [1, ["a"]])
    }).pipe(Effect.scoped))

  it.effect("reads history once for all pending discontinuities", () =>
    Effect.gen(function*() {
      const { conversations, end, reads, reconnect, signal } = yield* start()
      const events = yield* conversations.subscription()
      yield* reconnect
      yield* signal(liveAt("a", 1), Signal.overflow, Signal.malformed({ path: "", message: "not JSON" }))
      yield* reconnect
      yield* end
      yield* Stream.runDrain(events)
      // one at the start, one for all discontinuities
      assert.strictEqual(reads(), 2)
    }).pipe(Effect.scoped))

  it.effect("does not read history again for a session that was ready before the first read", () =>
    Effect.gen(function*() {
      const { conversations, end, reads, signal } = yield* start()
      yield* signal(Signal.connected(1))
      const events = yield* conversations.subscription()
      yield* end
      yield* Stream.runDrain(events)
      assert.strictEqual(reads(), 1)
    }).pipe(Effect.scoped))
})

describe("sweep", () => {
  it.effect("P1.4: recovers a message that was never pushed, even after later ones were", () =>
    Effect.gen(function*() {
      const { conversations, end, signal, store } = yield* start()
      store(at("a", 1))
      const watching = yield* Effect.forkChild(Stream.runCollect(conversations.timeline({ addressId })))
      yield* TestClock.adjust(0)
      store(at("silent", 100), at("b", 1000))
      yield* signal(liveAt("b", 1000))
      yield* TestClock.adjust("20 seconds")
      yield* end
      const events = yield* Fiber.join(watching)
      assert.deepStrictEqual(events.map(label), ["a", "CaughtUp", "b", "silent late", "CaughtUp"])
    }))

  it.effect("doubles the interval while it recovers no message", () =>
    Effect.gen(function*() {
      const { conversations, reads } = yield* start({ sweep: { min: "10 seconds", max: "40 seconds" } })
      yield* Effect.forkChild(Stream.runDrain(conversations.timeline({ addressId })))
      yield* TestClock.adjust(0)
      const after = (duration: Duration.Input) => Effect.andThen(TestClock.adjust(duration), Effect.sync(reads))
      // each interval is up to a quarter longer
      assert.strictEqual(reads(), 1)
      assert.strictEqual(yield* after("9 seconds"), 1)
      assert.strictEqual(yield* after("4 seconds"), 2)
      assert.strictEqual(yield* after("15 seconds"), 2)
      assert.strictEqual(yield* after("10 seconds"), 3)
      assert.strictEqual(yield* after("50 seconds"), 4)
      assert.strictEqual(yield* after("50 seconds"), 5)
    }))

  it.effect("resets the interval after it recovers a message", () =>
    Effect.gen(function*() {
      const { conversations, reads, store } = yield* start({ sweep: { min: "10 seconds", max: "40 seconds" } })
      yield* Effect.forkChild(Stream.runDrain(conversations.timeline({ addressId })))
      yield* TestClock.adjust("5 minutes")
      store(at("silent", 1))
      const before = reads()
      for (let second = 0; second < 60 && reads() === before; second++) yield* TestClock.adjust("1 second")
      yield* TestClock.adjust("13 seconds")
      assert.strictEqual(reads() - before, 2)
    }))

  it.effect("reads nothing when it is turned off", () =>
    Effect.gen(function*() {
      const { conversations, reads } = yield* start({ sweep: false })
      yield* Effect.forkChild(Stream.runDrain(conversations.timeline({ addressId })))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(reads(), 1)
    }))
})

describe("the start of a timeline", () => {
  it.effect("is a limit for later reads, even within the overlap", () =>
    Effect.gen(function*() {
      const { conversations, reconnect, store } = yield* start({ pageSize: 2 })
      store(at("a", 1), at("b", 2), at("c", 3))
      const events: Array<string> = []
      yield* Stream.runForEach(
        conversations.timeline({ addressId }),
        (event) => Effect.sync(() => events.push(label(event)))
      ).pipe(Effect.forkScoped({ startImmediately: true }))
      yield* TestClock.adjust(0)
      store(at("d", 4))
      yield* reconnect
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(events, ["b", "c", "CaughtUp", "d", "CaughtUp"])
    }))
})

describe("cursor", () => {
  it.effect("P1.5: continues a subscription where the one before it stopped", () =>
    Effect.gen(function*() {
      const { conversations, signal, store } = yield* start({ cursorInterval: 0 })
      const cursor = yield* Cursor.make("bot")
      const take = Effect.fnUntraced(function*(count: number) {
        const events = yield* conversations.subscription({ cursor })
        return yield* events.pipe(Stream.take(count), Stream.runCollect)
      }, Effect.scoped)
      store(at("before", 1))
      const first = yield* Effect.forkChild(take(2))
      yield* TestClock.adjust(0)
      store(at("a", 2), at("b", 3))
      yield* signal(liveAt("a", 2), Signal.requested)
      assert.deepStrictEqual((yield* Fiber.join(first)).map(({ text }) => text), ["a", "b"])
      store(at("c", 4))
      assert.deepStrictEqual((yield* take(2)).map(({ text }) => text), ["b", "c"])
    }).pipe(Effect.provide(KeyValueStore.layerMemory)))

  it.effect("P1.5: does not skip emitted messages that were not processed", () =>
    Effect.gen(function*() {
      const { conversations, store } = yield* start({ cursorInterval: 0 })
      const cursor = yield* Cursor.make("bot")
      const first = conversations.subscription({ cursor })
      yield* Effect.scoped(Effect.asVoid(first))
      store(at("a", 2))
      const failing = Effect.scoped(Effect.flatMap(first, Stream.runForEach(() => Effect.fail("not processed"))))
      yield* Effect.flip(failing)
      const again = yield* first
      assert.deepStrictEqual((yield* Stream.runCollect(Stream.take(again, 1))).map(({ text }) => text), ["a"])
    }).pipe(Effect.scoped, Effect.provide(KeyValueStore.layerMemory)))

  it.effect("P1.5: does not skip a message when the consumer is interrupted before it receives it", () =>
    Effect.gen(function*() {
      const lost: Array<number> = []
      // one restart for each number of steps between the signal and the interruption
      for (let steps = 0; steps < 60; steps++) {
        const { conversations, signal, store } = yield* start({ cursorInterval: 0 })
        const cursor = yield* Cursor.make(`bot ${steps}`)
        const delivered: Array<string | null> = []
        const scope = yield* Scope.make()
        const events = yield* Scope.provide(conversations.subscription({ cursor }), scope)
        const consumer = yield* Stream.runForEach(events, ({ text }) => Effect.sync(() => delivered.push(text))).pipe(
          // so that it can be interrupted after every few operations
          Effect.provideService(Scheduler.MaxOpsBeforeYield, 4),
          Effect.forkChild
        )
        yield* TestClock.adjust(0)
        store(at("a", 2))
        yield* signal(liveAt("a", 2))
        for (let step = 0; step < steps; step++) yield* Effect.yieldNow
        yield* Fiber.interrupt(consumer)
        yield* Scope.close(scope, Exit.void)
        store(at("b", 3))
        const again = yield* conversations.subscription({ cursor })
        yield* Stream.runForEach(
          Stream.takeUntil(again, ({ text }) => text === "b"),
          ({ text }) => Effect.sync(() => delivered.push(text))
        )
        if (!delivered.includes("a")) lost.push(steps)
      }
      assert.deepStrictEqual(lost, [])
    }).pipe(Effect.scoped, Effect.provide(KeyValueStore.layerMemory)))

  it.effect("is saved when the subscription ends and no message is being processed", () =>
    Effect.gen(function*() {
      const { conversations, signal, store } = yield* start({ cursorInterval: "1 hour" })
      const cursor = yield* Cursor.make("bot")
      const listening = yield* conversations.subscription({ cursor }).pipe(
        Effect.flatMap(Stream.runDrain),
        Effect.scoped,
        Effect.forkChild
      )
      yield* TestClock.adjust(0)
      store(at("a", 2))
      yield* signal(liveAt("a", 2))
      yield* TestClock.adjust(0)
      yield* Fiber.interrupt(listening)
      store(at("b", 3))
      const events = yield* conversations.subscription({ cursor })
      assert.deepStrictEqual((yield* Stream.runCollect(Stream.take(events, 1))).map(({ text }) => text), ["b"])
    }).pipe(Effect.scoped, Effect.provide(KeyValueStore.layerMemory)))

  it.effect("continues a subscription that received nothing where it started", () =>
    Effect.gen(function*() {
      const { conversations, store } = yield* start()
      const cursor = yield* Cursor.make("bot")
      store(at("before", 1))
      yield* Effect.scoped(Effect.asVoid(conversations.subscription({ cursor })))
      store(at("between", 2))
      const events = yield* conversations.subscription({ cursor })
      assert.deepStrictEqual(
        (yield* Stream.runCollect(Stream.take(events, 1))).map(({ text }) => text),
        ["between"]
      )
    }).pipe(Effect.scoped, Effect.provide(KeyValueStore.layerMemory)))

  it.effect("continues a subscription, with a warning, when the cursor can't be saved", () =>
    Effect.gen(function*() {
      const { conversations, end, signal } = yield* start({ cursorInterval: 0 })
      const warnings: Array<string> = []
      const store: KeyValueStore.KeyValueStore = {
        ...(yield* KeyValueStore.KeyValueStore),
        set: () => Effect.fail(new KeyValueStore.KeyValueStoreError({ method: "set", message: "the disk is full" }))
      }
      const cursor = yield* Effect.provideService(Cursor.make("bot"), KeyValueStore.KeyValueStore, store)
      const events = yield* conversations.subscription({ cursor })
      yield* signal(liveAt("a", 2))
      yield* signal(liveAt("b", 3))
      yield* end
      const logger = Logger.make(({ message }) => void warnings.push(JSON.stringify(message)))
      const received = yield* Effect.provide(Stream.runCollect(events), Logger.layer([logger]))
      assert.deepStrictEqual(received.map(({ text }) => text), ["a", "b"])
      assert.include(warnings[0], "the disk is full")
    }).pipe(Effect.scoped, Effect.provide(KeyValueStore.layerMemory)))

  it.effect("P1.5: fails the subscription when its value can't be read", () =>
    Effect.gen(function*() {
      const { conversations } = yield* start()
      const store = yield* KeyValueStore.KeyValueStore
      yield* store.set("effect-signalwire/cursor/bot", "nonsense")
      const cursor = yield* Cursor.make("bot")
      const error = yield* Effect.flip(conversations.subscription({ cursor }))
      assert.deepStrictEqual([error.method, error.reason._tag], ["subscribe", "UnreadableCursor"])
    }).pipe(Effect.scoped, Effect.provide(KeyValueStore.layerMemory)))

  it.effect("starts the subscription now when its value can't be read, with `restart`", () =>
    Effect.gen(function*() {
      const { conversations, signal, store } = yield* start()
      const saved = yield* KeyValueStore.KeyValueStore
      yield* saved.set("effect-signalwire/cursor/bot", "{\"version\":1,")
      const cursor = yield* Cursor.make("bot", { onUnreadable: "restart" })
      store(at("before", 1))
      const events = yield* conversations.subscription({ cursor })
      yield* signal(liveAt("a", 2))
      assert.deepStrictEqual((yield* Stream.runCollect(Stream.take(events, 1))).map(({ text }) => text), ["a"])
    }).pipe(Effect.scoped, Effect.provide(KeyValueStore.layerMemory)))

  it.effect("P1.5: is smaller than 16 kB in each save at 900 messages a second", () =>
    Effect.gen(function*() {
      const { conversations, signal } = yield* start({ sweep: { min: "5 minutes", max: "5 minutes" } })
      const sizes: Array<number> = []
      const memory = yield* KeyValueStore.KeyValueStore
      const store: KeyValueStore.KeyValueStore = {
        ...memory,
        set: (key, value) => {
          sizes.push(value.length)
          return memory.set(key, value)
        }
      }
      const cursor = yield* Effect.provideService(Cursor.make("bot"), KeyValueStore.KeyValueStore, store)
      const events = yield* conversations.subscription({ cursor })
      let count = 0
      yield* Stream.runForEachArray(events, (batch) => Effect.sync(() => count += batch.length)).pipe(
        Effect.forkScoped({ startImmediately: true })
      )
      for (let second = 0; second < 60; second++) {
        yield* signal(...Array.from({ length: 900 }, (_, n) => {
          const id = `dddddddd-0000-4000-8000-${String(second * 900 + n).padStart(12, "0")}`
          return Signal.event(
            Fixtures.conversationEvent({
              id: MessageId.make(id),
              clientId: ClientId.make(`send ${id}`),
              epochSeconds: 1000 + second + n / 900
            })
          )
        }))
        yield* TestClock.adjust("1 second")
      }
      assert.strictEqual(count, 54_000)
      assert.isAtLeast(sizes.length, 60)
      assert.isBelow(Math.max(...sizes), 16 * 1024)
    }).pipe(Effect.scoped, Effect.provide(KeyValueStore.layerMemory)))
})

describe("policy", () => {
  const flood = Effect.fnUntraced(function*(policy: Conversations.OverflowPolicy) {
    const { conversations, end, signal } = yield* start()
    const events = yield* conversations.subscription({ policy })
    yield* signal(...Array.from({ length: 10 }, (_, index) => liveAt(`m${index}`, index)))
    yield* end
    const taken: Array<string | null> = []
    yield* Stream.runForEach(events, ({ text }) => Effect.delay(Effect.sync(() => taken.push(text)), "1 second")).pipe(
      Effect.forkScoped
    )
    yield* TestClock.adjust("1 minute")
    return taken
  })

  it.effect("P5.3: sliding keeps the newest messages for a slow consumer", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* flood({ strategy: "sliding", capacity: 3 }), ["m7", "m8", "m9"])
    }).pipe(Effect.scoped))

  it.effect("P5.3: dropping keeps the oldest messages for a slow consumer", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* flood({ strategy: "dropping", capacity: 3 }), ["m0", "m1", "m2"])
    }).pipe(Effect.scoped))

  it.effect("P5.3: suspend keeps all messages", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* flood("suspend")).length, 10)
    }).pipe(Effect.scoped))

  it.effect("P1.5: is refused together with a cursor, unless it is suspend", () =>
    Effect.gen(function*() {
      const { conversations } = yield* start()
      const cursor = yield* Cursor.make("bot")
      // untyped code can combine them
      const untyped: object = { cursor, policy: { strategy: "sliding", capacity: 100 } }
      const starting = [
        Effect.asVoid(conversations.subscription({ ...untyped })),
        Stream.runDrain(conversations.timeline({ addressId, ...untyped }))
      ]
      for (const failing of starting) {
        const { reason } = yield* Effect.flip(failing)
        assert.strictEqual(reason._tag, "Invalid")
        assert.include(reason.message, "policy: must be \"suspend\" together with a cursor")
      }
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(conversations.subscription({ cursor, policy: "suspend" }))))
    }).pipe(Effect.scoped, Effect.provide(KeyValueStore.layerMemory)))

  it.effect.each(
    [
      [{ policy: { strategy: "sliding", capacity: 0 } }, "policy"],
      [{ policy: { strategy: "dropping", capacity: -1 } }, "policy"],
      [{ policy: { strategy: "sliding", capacity: Number.NaN } }, "policy"],
      [{ policy: { strategy: "newest", capacity: 1 } }, "policy"],
      [{ timeout: "soon" }, "timeout"],
      [{ timeout: -1 }, "timeout"]
    ] as const
  )("is refused by name when it is invalid: %o", ([options, name]) =>
    Effect.gen(function*() {
      const { conversations } = yield* start()
      const untyped: object = options
      for (
        const failing of [
          Effect.asVoid(conversations.subscription({ ...untyped })),
          Stream.runDrain(conversations.timeline({ addressId, ...untyped }))
        ]
      ) {
        const { reason } = yield* Effect.flip(failing)
        assert.deepStrictEqual(
          reason._tag === "Invalid" ? reason.errors.map(({ attribute }) => attribute) : reason,
          [name]
        )
      }
    }).pipe(Effect.scoped))
})

/** A service whose sends have the outcomes that the test sets. */
const startSending = Effect.fnUntraced(function*(
  options: Conversations.ServiceOptions & {
    readonly outcomes: ReadonlyArray<Reason.Reason | "sent" | "no response">
    readonly history?: (sent: ReadonlyArray<ClientId>) => ReadonlyArray<ConversationMessage>
    readonly getConversations?: Effect.Effect<never>
  }
) {
  const clientIdPlaces: Array<string | undefined> = []
  const observers: Array<(signals: ReadonlyArray<Signal.Signal>) => void> = []
  const sent: Array<ClientId> = []
  const texts: Array<string> = []
  const context = yield* Layer.build(
    Conversations.layerServices(options).pipe(Layer.provide([
      Mocks.http({
        sendMessage: Effect.fnUntraced(function*({ clientId, clientIdIn, text }) {
          clientIdPlaces.push(clientIdIn)
          const outcome = options.outcomes[sent.length] ?? "sent"
          if (clientId !== undefined) sent.push(ClientId.make(clientId))
          // later requests are stored sooner
          yield* Effect.sleep(`${Math.max(0, 100 - sent.length * 10)} millis`)
          texts.push(text)
          if (outcome === "no response") return yield* Effect.never
          if (outcome !== "sent") return yield* new SignalWireHttpError({ method: "sendMessage", reason: outcome })
          return { conversationId, groupId: null }
        }),
        getConversationMessages: () => Effect.sync(() => Fixtures.page(options.history?.(sent) ?? [])),
        getConversations: () => options.getConversations ?? Effect.succeed(Fixtures.page([Fixtures.conversation()]))
      }),
      Mocks.subscription({ signals: signalsOf(observers) })
    ]))
  )
  return {
    conversations: Context.get(context, Conversations.Conversations),
    sent,
    texts,
    clientIdPlaces,
    echo: (clientId: ClientId | null) => {
      for (const observer of observers) observer([Signal.event(Fixtures.conversationEvent({ clientId }))])
    }
  }
})

const lost = new Reason.Transport({ detail: "the connection broke" })

/** Runs a send to its end, for up to five minutes. */
const runSend = <A, E, R>(send: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Effect.exit(send), { startImmediately: true })
    yield* TestClock.adjust("5 minutes")
    return yield* yield* Fiber.join(fiber)
  })

describe("sendMessage", () => {
  const hello = { addressId, text: "hello" }

  it.effect("P4.1: sends a message once when the response is lost and history has it", () =>
    Effect.gen(function*() {
      const { conversations, sent } = yield* startSending({
        outcomes: [lost],
        history: (sent) => sent.map((clientId) => at("hello", 0, clientId))
      })
      yield* runSend(conversations.sendMessage(hello))
      assert.strictEqual(sent.length, 1)
    }))

  it.effect("P4.1: sends a message again with the same client id when history does not have it", () =>
    Effect.gen(function*() {
      const { conversations, sent } = yield* startSending({ outcomes: [lost, lost] })
      yield* runSend(conversations.sendMessage(hello))
      assert.strictEqual(sent.length, 3)
      assert.strictEqual(new Set(sent).size, 1)
    }))

  it.effect("P4.6: retries server errors even if other failures came before", () =>
    Effect.gen(function*() {
      const refused = new Reason.Transport({ detail: "refused", sent: "no" })
      const outcomes = [
        ...Array.from({ length: 10 }, () => refused),
        new Reason.ServerError({ status: 503, detail: "" })
      ]
      const { conversations, sent } = yield* startSending({ outcomes, sendDeadline: "1 hour" })
      yield* runSend(conversations.sendMessage(hello))
      assert.strictEqual(sent.length, 12)
    }))

  it.effect("P4.2: fails with Unconfirmed when history has the text without a client id", () =>
    Effect.gen(function*() {
      const { conversations, sent } = yield* startSending({ outcomes: [lost], history: () => [at("hello", 0)] })
      const error = yield* Effect.flip(runSend(conversations.sendMessage(hello)))
      assert.strictEqual(error.reason._tag, "Unconfirmed")
      assert.strictEqual(sent.length, 1)
    }))

  it.effect("P4.1: sends a message once when its echo is received", () =>
    Effect.gen(function*() {
      const { conversations, echo, sent } = yield* startSending({ outcomes: [lost] })
      const sending = yield* Effect.forkChild(conversations.sendMessage(hello), { startImmediately: true })
      yield* TestClock.adjust(0)
      echo(sent[0] ?? null)
      yield* TestClock.adjust("5 minutes")
      yield* Fiber.join(sending)
      assert.strictEqual(sent.length, 1)
    }))

  it.effect("completes after the echo when the response never comes", () =>
    Effect.gen(function*() {
      const { conversations, echo, sent } = yield* startSending({ outcomes: ["no response"] })
      const sending = yield* Effect.forkChild(conversations.sendMessage(hello), { startImmediately: true })
      yield* TestClock.adjust(0)
      echo(sent[0] ?? null)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(sending.pollUnsafe()?._tag, "Success")
      assert.strictEqual(sent.length, 1)
    }))

  it.effect("completes when history has the message and the response never comes", () =>
    Effect.gen(function*() {
      const { conversations, sent } = yield* startSending({
        outcomes: ["no response"],
        history: (sent) => sent.map((clientId) => at("hello", 0, clientId))
      })
      const sending = yield* Effect.forkChild(conversations.sendMessage(hello), { startImmediately: true })
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual(sending.pollUnsafe()?._tag, "Success")
      assert.strictEqual(sent.length, 1)
    }))

  it.effect("adds the client id to details after a server dropped it from metadata", () =>
    Effect.gen(function*() {
      const { clientIdPlaces, conversations } = yield* startSending({
        outcomes: [lost],
        history: () => [at("hello", 0)]
      })
      yield* Effect.flip(runSend(conversations.sendMessage(hello)))
      yield* runSend(conversations.sendMessage(hello))
      assert.deepStrictEqual(clientIdPlaces, ["metadata", "both"])
    }))

  it.effect("P4.2: fails with Unconfirmed when the search reaches its limit, and keeps the client id in metadata only", () =>
    Effect.gen(function*() {
      const others = Array.from({ length: 100_100 }, (_, index) => at(`other ${index}`, 0, `client ${index}`))
      const { clientIdPlaces, conversations } = yield* startSending({ outcomes: [lost], history: () => others })
      const error = yield* Effect.flip(runSend(conversations.sendMessage(hello)))
      assert.strictEqual(error.reason._tag, "Unconfirmed")
      yield* runSend(conversations.sendMessage(hello))
      assert.deepStrictEqual(clientIdPlaces, ["metadata", "metadata"])
    }))

  it.effect("P4.1: sends a message again that is not among thousands of later messages", () =>
    Effect.gen(function*() {
      const others = Array.from({ length: 5000 }, (_, index) => at(`other ${index}`, 0, `client ${index}`))
      const { conversations, sent } = yield* startSending({ outcomes: [lost], history: () => others })
      yield* runSend(conversations.sendMessage(hello))
      assert.strictEqual(sent.length, 2)
    }))

  it.effect("fails with Overloaded when the queue is full", () =>
    Effect.gen(function*() {
      const { conversations } = yield* startSending({ outcomes: [], sendCapacity: 2 })
      for (const _ of [1, 2]) yield* Effect.forkChild(conversations.sendMessage(hello), { startImmediately: true })
      const error = yield* Effect.flip(conversations.sendMessage(hello))
      assert.strictEqual(error.reason._tag, "Overloaded")
    }))

  it.effect("P7.1: fails with Timeout when its turn does not come in time", () =>
    Effect.gen(function*() {
      const { conversations, sent } = yield* startSending({ outcomes: ["no response"], sendDeadline: "1 minute" })
      yield* Effect.forkChild(Effect.exit(conversations.sendMessage(hello)), { startImmediately: true })
      const error = yield* Effect.flip(runSend(conversations.sendMessage(hello)))
      assert.strictEqual(error.reason._tag, "Timeout")
      assert.strictEqual(sent.length, 1)
    }))

  it.effect("P4.1: looks up a message while its timed out request may be in flight", () =>
    Effect.gen(function*() {
      const stored: Array<ConversationMessage> = []
      const { conversations, sent } = yield* startSending({
        outcomes: [new Reason.Timeout({ millis: 30_000 })],
        history: () => stored
      })
      const sending = yield* Effect.forkChild(conversations.sendMessage(hello), { startImmediately: true })
      yield* TestClock.adjust("15 seconds")
      stored.push(at("hello", 0, sent[0] ?? null))
      yield* TestClock.adjust("5 minutes")
      yield* Fiber.join(sending)
      assert.strictEqual(sent.length, 1)
    }))

  it.effect("sends a message again when history has the same text with another client id", () =>
    Effect.gen(function*() {
      const { conversations, sent } = yield* startSending({
        outcomes: [lost],
        history: () => [at("hello", 0, "another")]
      })
      yield* runSend(conversations.sendMessage(hello))
      assert.strictEqual(sent.length, 2)
    }))

  it.effect.each([
    new Reason.Unauthorized({ detail: "" }),
    new Reason.Forbidden({ detail: "" }),
    new Reason.NotFound({ detail: "" }),
    Reason.invalidParameter("text", "is required")
  ])("does not retry a rejected message: $_tag", (reason) =>
    Effect.gen(function*() {
      const { conversations, sent } = yield* startSending({ outcomes: [reason] })
      const error = yield* Effect.flip(runSend(conversations.sendMessage(hello)))
      assert.strictEqual(error.reason._tag, reason._tag)
      assert.strictEqual(sent.length, 1)
    }))

  it.effect("waits for the Retry-After of a rate limiting server", () =>
    Effect.gen(function*() {
      const { conversations, sent } = yield* startSending({
        outcomes: [new Reason.RateLimited({ retryAfterMillis: 60_000 })]
      })
      const sending = yield* Effect.forkChild(conversations.sendMessage(hello), { startImmediately: true })
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(sent.length, 1)
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(sending)
      assert.strictEqual(sent.length, 2)
    }))

  it.effect("fails with ServerError after nine attempts", () =>
    Effect.gen(function*() {
      const failing = new Reason.ServerError({ status: 500, detail: "" })
      const { conversations, sent } = yield* startSending({
        outcomes: Array.from({ length: 100 }, () => failing),
        // the delays with jitter add up to about two minutes
        sendDeadline: "10 minutes"
      })
      const error = yield* Effect.flip(runSend(conversations.sendMessage(hello)))
      assert.strictEqual(error.reason._tag, "ServerError")
      assert.strictEqual(sent.length, 9)
    }))

  it.effect("P4.3: sends messages to one conversation in the order of the calls", () =>
    Effect.gen(function*() {
      const { conversations, texts } = yield* startSending({ outcomes: [] })
      const order = ["1", "2", "3", "4"]
      const sending = yield* Effect.forkChild(
        Effect.forEach(order, (text) => conversations.sendMessage({ addressId, text }), { concurrency: "unbounded" }),
        { startImmediately: true }
      )
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(sending)
      assert.deepStrictEqual(texts, order)
    }))

  it.effect.each(
    [
      ["dies", Effect.die("broken")],
      ["is interrupted", Effect.interrupt]
    ] as const
  )(
    "P4.1: returns the conversation of a stored message when its lookup %s",
    ([, getConversations]) =>
      Effect.gen(function*() {
        const { conversations } = yield* startSending({ outcomes: [], getConversations })
        assert.strictEqual((yield* runSend(conversations.sendMessage(hello))).id, conversationId)
      })
  )

  it.effect("returns the conversation, and from the second send on with the time of the send", () =>
    Effect.gen(function*() {
      const { conversations } = yield* startSending({ outcomes: [] })
      yield* TestClock.setTime(1735790700000)
      const first = yield* runSend(conversations.sendMessage(hello))
      assert.strictEqual(first.name, "office")
      const second = yield* runSend(conversations.sendMessage(hello))
      assert.isAbove(second.lastMessageAt.epochMilliseconds, 1735790700000)
    }))
})
