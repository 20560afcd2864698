/** Subscriptions and timelines, over a history and a session that the test decides on. */
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import { SingleConsumerQueue } from "@effect-signalwire/runtime/SingleConsumerQueue"
import * as Branded from "@effect-signalwire/schema/Branded"
import { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Reason from "@effect-signalwire/schema/Reason"
import { type ConnectionState, idle } from "@effect-signalwire/subscription/ConnectionState"
import * as Signal from "@effect-signalwire/subscription/Signal"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import type { SubscriptionError } from "@effect-signalwire/subscription/SubscriptionError"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { ConversationError } from "../src/ConversationError.ts"
import * as Conversations from "../src/Conversations.ts"
import type { Cursor } from "../src/Cursor.ts"
import { message, page } from "./support.ts"

const addressId = Branded.addressId("room")

/** A message to the room. */
const toRoom = (id: string, epochSeconds: number) => message(id, epochSeconds, { addressId })

interface StartOptions {
  readonly state?: ConnectionState
  readonly ready?: Effect.Effect<void>
  /** What is stored, newest first; `never` when reads never end. */
  readonly history?: ReadonlyArray<ConversationMessage> | "never"
}

const start = Effect.fnUntraced(function*(
  { history = [], ready = Effect.void, state = idle }: StartOptions = {}
) {
  const queue = new SingleConsumerQueue<Signal.Signal, SubscriptionError | Cause.Done>()
  const requested: Array<unknown> = []
  let stored = history
  const read = (options: unknown) =>
    Effect.suspend(() => {
      requested.push(options)
      return stored === "never" ? Effect.never : Effect.succeed(page<ConversationMessage, SignalWireHttpError>(stored))
    })
  const context = yield* Layer.build(
    Conversations.layerServices({ sweep: false, readyTimeout: "7 seconds" }).pipe(Layer.provide([
      Layer.mock(SignalWireHttp.SignalWireHttp, {
        addressOf: () => null,
        getMessages: read,
        getConversationMessages: read
      }),
      Layer.mock(Subscription.Subscription, {
        subscribe: Effect.succeed({
          signals: queue.take,
          requestDiscontinuity: Effect.sync(() => queue.offer(Signal.requested)),
          takeBuffered: Effect.sync(() => queue.clear())
        }),
        signals: Stream.never,
        ready,
        awaitWake: Effect.never,
        sessionCount: Effect.succeed(1),
        connection: { current: Effect.succeed(state), changes: Stream.make(state) }
      })
    ]))
  )
  return {
    conversations: Context.get(context, Conversations.Conversations),
    requested,
    setHistory: (...newestFirst: ReadonlyArray<ConversationMessage>) => (stored = newestFirst),
    push: (...signals: ReadonlyArray<Signal.Signal>) =>
      Effect.andThen(Effect.sync(() => queue.offerAll(signals)), TestClock.adjust(0)),
    end: Effect.andThen(Effect.sync(() => queue.done(Exit.fail(Cause.Done()))), TestClock.adjust(0))
  }
})

const pushed = (pushed: ConversationMessage) => Signal.event(ConversationEvent.fromMessage(pushed))

/** Runs a stream, and returns what it has yielded so far. */
const collect = Effect.fnUntraced(function*<A, E>(stream: Stream.Stream<A, E>) {
  const items: Array<A> = []
  yield* Stream.runForEach(stream, (item) => Effect.sync(() => items.push(item))).pipe(
    Effect.forkScoped({ startImmediately: true })
  )
  yield* TestClock.adjust(0)
  return items
})

/** The names of the parameters for which a call was refused. */
const invalid = (reason: Reason.Reason) =>
  reason._tag === "Invalid" ? reason.errors.map(({ attribute }) => attribute) : []

const cursor: Cursor = { load: Effect.succeedNone, save: () => Effect.void }

describe("the options", () => {
  it.effect.each<readonly [string, object]>([
    ["policy", { policy: { strategy: "sliding", capacity: 0 } }],
    ["policy", { policy: { strategy: "dropping", capacity: 1.5 } }],
    ["policy", { policy: { strategy: "newest", capacity: 1 } }],
    ["policy", { policy: { strategy: "sliding", capacity: 1 }, cursor }],
    ["timeout", { timeout: -1 }]
  ])(
    "P9.2: are refused before anything is read when the %s is invalid: %o",
    ([attribute, options]) =>
      Effect.gen(function*() {
        const { conversations, requested } = yield* start()
        const errors = [
          yield* Effect.flip(conversations.subscription(options)),
          yield* Effect.flip(Stream.runDrain(conversations.timeline({ addressId, ...options })))
        ]
        assert.deepStrictEqual(errors.map(({ method }) => method), ["subscribe", "timeline"])
        assert.deepStrictEqual(errors.map(({ reason }) => invalid(reason)), [[attribute], [attribute]])
        assert.deepStrictEqual(requested, [])
      })
  )

  it.effect("P9.2: name the forms that a policy may have", () =>
    Effect.gen(function*() {
      const { conversations } = yield* start()
      const policies = [{ strategy: "sliding", capacity: 0 }, { strategy: "sliding", capacity: 1 }] as const
      const messages = yield* Effect.forEach(policies, (policy) => {
        const untyped: object = { policy, cursor }
        return Effect.map(Effect.flip(conversations.subscription(untyped)), ({ message }) => message)
      })
      assert.include(messages[0], "\"sliding\" or \"dropping\", capacity: a positive integer")
      assert.include(messages[1], "must be \"suspend\" together with a cursor")
    }))

  it.effect.each(
    [
      { policy: { strategy: "sliding", capacity: 1 }, kept: "b" },
      { policy: { strategy: "dropping", capacity: 1 }, kept: "a" }
    ] as const
  )(
    "P5.3: may keep a single message for a consumer that is busy: $policy.strategy",
    ({ kept, policy }) =>
      Effect.gen(function*() {
        const { conversations, end, push } = yield* start()
        const messages = yield* conversations.subscription({ policy })
        const pull = yield* Stream.toPull(messages)
        const first = yield* Effect.forkChild(pull, { startImmediately: true })
        yield* push(pushed(toRoom("first", 1)))
        assert.deepStrictEqual((yield* Fiber.join(first)).map(({ id }) => String(id)), ["first"])
        yield* push(pushed(toRoom("a", 2)), pushed(toRoom("b", 3)))
        yield* end
        assert.deepStrictEqual((yield* pull).map(({ id }) => String(id)), [kept])
      })
  )

  it.effect("may have a cursor together with the policy that loses nothing", () =>
    Effect.gen(function*() {
      const { conversations } = yield* start()
      yield* collect(yield* conversations.subscription({ policy: "suspend", cursor }))
    }))
})

interface Begin {
  readonly method: string
  readonly begin: (conversations: Conversations.Service) => Effect.Effect<unknown, ConversationError, Scope.Scope>
}

describe("a start", () => {
  const reason = new Reason.ServerError({ status: 503, detail: "" })
  const reconnecting: ConnectionState = {
    _tag: "Reconnecting",
    attempt: 1,
    delayMillis: 1000,
    polling: false,
    reason
  }

  it.effect.each<Begin>([
    { method: "subscribe", begin: ({ subscription }) => subscription({ timeout: "3 seconds" }) },
    { method: "timeline", begin: ({ timeline }) => Stream.runDrain(timeline({ addressId, timeout: "3 seconds" })) }
  ])(
    "P9.1: fails after its timeout, with the reason of the connection as the cause: $method",
    ({ begin, method }) =>
      Effect.gen(function*() {
        const { conversations } = yield* start({ state: reconnecting, history: "never" })
        const starting = yield* Effect.forkChild(Effect.flip(begin(conversations)), { startImmediately: true })
        yield* TestClock.adjust("2 seconds")
        assert.isUndefined(starting.pollUnsafe())
        yield* TestClock.adjust("1 second")
        const error = yield* Fiber.join(starting)
        assert.deepStrictEqual([error.method, error.reason], [method, new Reason.Timeout({ millis: 3000 })])
        assert.strictEqual(error.cause, reason)
      })
  )

  it.effect("P9.1: has no cause when it takes too long and the connection has no reason", () =>
    Effect.gen(function*() {
      const { conversations } = yield* start({ history: "never" })
      const starting = yield* Effect.forkChild(Effect.flip(conversations.subscription({ timeout: "3 seconds" })), {
        startImmediately: true
      })
      yield* TestClock.adjust("3 seconds")
      assert.notProperty(yield* Fiber.join(starting), "cause")
    }))

  it.effect("P1.6: waits without a limit when it has no timeout", () =>
    Effect.gen(function*() {
      const { conversations } = yield* start({ history: "never" })
      const starting = yield* Effect.forkChild(conversations.subscription(), { startImmediately: true })
      yield* TestClock.adjust("10 hours")
      assert.isUndefined(starting.pollUnsafe())
      yield* Fiber.interrupt(starting)
    }))

  it.effect("of a subscription waits for a session, until its time limit", () =>
    Effect.gen(function*() {
      const { conversations, requested } = yield* start({ ready: Effect.never })
      const starting = yield* Effect.forkChild(conversations.subscription(), { startImmediately: true })
      yield* TestClock.adjust("6 seconds")
      assert.deepStrictEqual([requested.length, starting.pollUnsafe()], [0, undefined])
      yield* TestClock.adjust("1 second")
      yield* collect(yield* Fiber.join(starting))
      assert.deepStrictEqual(requested, [{ pageSize: 100 }])
    }))

  it.effect("of a timeline does not wait for a session", () =>
    Effect.gen(function*() {
      const { conversations, requested } = yield* start({ ready: Effect.never })
      const items = yield* collect(conversations.timeline({ addressId }))
      assert.deepStrictEqual(items.map(({ _tag }) => _tag), ["CaughtUp"])
      assert.deepStrictEqual(requested, [{ addressId, since: undefined, pageSize: 100 }])
    }))
})

/** What a timeline has yielded. */
const labels = (items: ReadonlyArray<Stream.Success<ReturnType<Conversations.Service["timeline"]>>>) =>
  items.map((item) => item._tag === "Message" ? String(item.message.id) : item._tag)

describe("a timeline", () => {
  it.effect("P1.2: begins with the newest page, and then has what is pushed to its conversation only", () =>
    Effect.gen(function*() {
      const { conversations, push } = yield* start({ history: [toRoom("b", 2), toRoom("a", 1)] })
      const items = yield* collect(conversations.timeline({ addressId }))
      yield* push(pushed(message("elsewhere", 3)), pushed(toRoom("c", 4)))
      assert.deepStrictEqual(labels(items), ["a", "b", "CaughtUp", "c"])
    }))

  it.effect.each([10, DateTime.makeUnsafe(10_000)])(
    "P1.2: leaves out what is older than its start, even if it is pushed later: %s",
    (since) =>
      Effect.gen(function*() {
        const { conversations, push, requested } = yield* start({ history: [toRoom("a", 10)] })
        const items = yield* collect(conversations.timeline({ addressId, since }))
        yield* push(pushed(toRoom("before", 9)), pushed(toRoom("at", 10)), pushed(toRoom("after", 11)))
        assert.deepStrictEqual(labels(items), ["a", "CaughtUp", "at", "after"])
        assert.deepStrictEqual(requested, [{ addressId, since, pageSize: 100 }])
      })
  )
})

it.effect("P1.2: timelines that start at the same time share a read only if they have the same history", () =>
  Effect.gen(function*() {
    const { conversations, requested } = yield* start({ history: "never" })
    const other = Branded.addressId("other")
    for (const options of [{ addressId }, { addressId }, { addressId: other }, { addressId, since: 10 }]) {
      yield* collect(conversations.timeline(options))
    }
    assert.deepStrictEqual(requested, [
      { addressId, since: undefined, pageSize: 100 },
      { addressId: other, since: undefined, pageSize: 100 },
      { addressId, since: 10, pageSize: 100 }
    ])
  }))

describe("a subscription", () => {
  it.effect("yields what is newer than the newest message of history when it starts", () =>
    Effect.gen(function*() {
      const { conversations, push } = yield* start({ history: [toRoom("b", 2), toRoom("a", 1)] })
      const items = yield* collect(yield* conversations.subscription())
      yield* push(pushed(toRoom("b", 2)), pushed(message("elsewhere", 3)), pushed(toRoom("c", 4)))
      assert.deepStrictEqual(items.map(({ id }) => String(id)), ["elsewhere", "c"])
    }))

  it.effect("P3.3: continues after a gap without onGap", () =>
    Effect.gen(function*() {
      const { conversations, push, setHistory } = yield* start({ history: [toRoom("a", 1000)] })
      const items = yield* collect(yield* conversations.subscription())
      setHistory(toRoom("z", 2000))
      yield* push(Signal.connected(2))
      assert.deepStrictEqual(items.map(({ id }) => String(id)), ["z"])
    }))

  it.effect("P3.3: runs onGap before the messages that follow the gap, which wait for it", () =>
    Effect.gen(function*() {
      const { conversations, push, setHistory } = yield* start({ history: [toRoom("a", 1000)] })
      const order: Array<string> = []
      const messages = yield* conversations.subscription({
        onGap: ({ reason }) => Effect.delay(Effect.sync(() => order.push(reason)), "1 second")
      })
      yield* Stream.runForEach(messages, ({ id }) => Effect.sync(() => order.push(id))).pipe(
        Effect.forkScoped({ startImmediately: true })
      )
      setHistory(toRoom("z", 2000))
      yield* push(Signal.connected(2))
      assert.deepStrictEqual(order, [])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(order, ["history-too-short", "z"])
    }))

  it.effect.each<{ readonly policy: Conversations.OverflowPolicy }>([
    { policy: "suspend" },
    { policy: { strategy: "sliding", capacity: 1 } }
  ])("P5.5: dies when its stream is run again: $policy", ({ policy }) =>
    Effect.gen(function*() {
      const { conversations, end } = yield* start()
      const messages = yield* conversations.subscription({ policy })
      yield* end
      yield* Stream.runDrain(messages)
      const exit = yield* Effect.exit(Stream.runDrain(messages))
      assert(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      assert.match(Cause.pretty(exit.cause), /can be run only once/)
    }))
})
