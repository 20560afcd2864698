/** The methods of the service, over services below that the test decides on. */
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Branded from "@effect-signalwire/schema/Branded"
import * as Reason from "@effect-signalwire/schema/Reason"
import { closed, type ConnectionState, idle } from "@effect-signalwire/subscription/ConnectionState"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import { SubscriptionError } from "@effect-signalwire/subscription/SubscriptionError"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { ConversationError } from "../src/ConversationError.ts"
import * as Conversations from "../src/Conversations.ts"
import { message, page } from "./support.ts"

interface StartOptions {
  readonly http?: Partial<SignalWireHttp.Service>
  readonly subscription?: Partial<Subscription.Service>
  readonly options?: Conversations.ServiceOptions
}

/** A client over these services, the names and options of its spans, and the end of its scope. */
const start = Effect.fnUntraced(function*({ http, options, subscription }: StartOptions = {}) {
  const spans: Array<string> = []
  const always: Array<boolean | undefined> = []
  const services: Array<string> = []
  const instrumentation: Instrumentation.Instrumentation = {
    ...Instrumentation.warningsOnly(constVoid),
    forService: (service) => {
      services.push(service)
      return instrumentation
    },
    span: (name, _, options) => (self) =>
      Effect.suspend(() => {
        spans.push(name)
        always.push(options?.always)
        return self
      }),
    spanStream: (name) => (self) => {
      spans.push(name)
      return self
    }
  }
  const scope = yield* Scope.make()
  const context = yield* Conversations.layerServices({ sweep: false, ...options }).pipe(
    Layer.provide([
      Layer.mock(SignalWireHttp.SignalWireHttp, { addressOf: () => null, ...http }),
      Layer.mock(Subscription.Subscription, {
        signals: Stream.never,
        awaitWake: Effect.never,
        sessionCount: Effect.succeed(1),
        connection: { current: Effect.succeed(idle), changes: Stream.never },
        ...subscription
      }),
      Layer.succeed(Instrumentation.Instrumentation, instrumentation)
    ]),
    Layer.buildWithScope(scope)
  )
  return {
    conversations: Context.get(context, Conversations.Conversations),
    spans,
    always,
    services,
    close: Scope.close(scope, Exit.void)
  }
})

const addressId = Branded.addressId("room")

interface Call {
  readonly name: string
  readonly call: (conversations: Conversations.Service) => Effect.Effect<unknown, ConversationError, Scope.Scope>
}

const reads: ReadonlyArray<Call> = [
  { name: "getConversations", call: ({ getConversations }) => getConversations() },
  { name: "getConversationMessages", call: ({ getConversationMessages }) => getConversationMessages({ addressId }) },
  { name: "getMessages", call: ({ getMessages }) => getMessages() },
  { name: "findMessage", call: ({ findMessage }) => findMessage({ addressId, clientId: "mine" }) },
  { name: "join", call: ({ join }) => join({ addressId }) }
]
const lists: ReadonlyArray<Call> = [
  { name: "conversations", call: ({ conversations }) => Stream.runDrain(conversations()) },
  {
    name: "conversationMessages",
    call: ({ conversationMessages }) => Stream.runDrain(conversationMessages({ addressId }))
  },
  { name: "messages", call: ({ messages }) => Stream.runDrain(messages()) }
]
const connection: ReadonlyArray<Call> = [
  { name: "connection.ready", call: ({ connection }) => connection.ready },
  { name: "connection.reconnect", call: ({ connection }) => connection.reconnect }
]
const sends: ReadonlyArray<Call> = [
  { name: "sendMessage", call: ({ sendMessage }) => sendMessage({ addressId, text: "hello" }) }
]
const sequences: ReadonlyArray<Call> = [
  { name: "subscribe", call: ({ subscribe }) => Stream.runDrain(subscribe) },
  { name: "timeline", call: ({ timeline }) => Stream.runDrain(timeline({ addressId })) }
]
const subscription: Call = { name: "subscribe", call: ({ subscription }) => subscription() }

/** A server that never responds, and a session that is never ready. */
const silent: StartOptions = {
  http: {
    getConversations: () => Effect.never,
    getConversationMessages: () => Effect.never,
    getMessages: () => Effect.never,
    join: () => Effect.never,
    sendMessage: () => Effect.never,
    conversations: () => Stream.never,
    conversationMessages: () => Stream.never,
    messages: () => Stream.never
  },
  subscription: {
    ready: Effect.never,
    reconnect: Effect.never,
    subscribe: Effect.succeed({
      signals: Effect.never,
      requestDiscontinuity: Effect.void,
      takeBuffered: Effect.succeed([])
    })
  }
}

const reason = new Reason.Forbidden({ detail: "not a member" })
const refused = new SignalWireHttpError({ method: "get", reason })

describe("a method", () => {
  it.effect.each([...reads, ...lists, ...connection, ...sends, ...sequences, subscription])(
    "P7.2: fails with Closed, under its name, after the client was closed: $name",
    ({ call, name }) =>
      Effect.gen(function*() {
        const { close, conversations } = yield* start()
        yield* close
        const error = yield* Effect.flip(call(conversations))
        assert.deepStrictEqual([error.method, error.reason._tag], [name, "Closed"])
      }).pipe(Effect.scoped)
  )

  it.effect.each([...reads, ...connection, ...sends, subscription])(
    "P7.2: fails with Closed, under its name, when the client is closed during the call: $name",
    ({ call, name }) =>
      Effect.gen(function*() {
        const { close, conversations } = yield* start(silent)
        const calling = yield* Effect.forkChild(Effect.flip(call(conversations)), { startImmediately: true })
        assert.isUndefined(calling.pollUnsafe())
        yield* close
        const error = yield* Fiber.join(calling)
        assert.deepStrictEqual([error.method, error.reason._tag], [name, "Closed"])
      }).pipe(Effect.scoped)
  )

  it.effect.each(lists)("P7.2: ends its stream when the client is closed: $name", ({ call }) =>
    Effect.gen(function*() {
      const { close, conversations } = yield* start(silent)
      const running = yield* Effect.forkChild(call(conversations), { startImmediately: true })
      yield* Effect.yieldNow
      assert.isUndefined(running.pollUnsafe())
      yield* close
      yield* Fiber.join(running)
    }).pipe(Effect.scoped))

  it.effect("P4.6: says that a message was not stored whose client was closed before, and that it is unknown if during", () =>
    Effect.gen(function*() {
      const { close, conversations } = yield* start(silent)
      const send = Effect.flip(conversations.sendMessage({ addressId, text: "hello" }))
      const sending = yield* Effect.forkChild(send, { startImmediately: true })
      yield* close
      assert.deepStrictEqual([(yield* Fiber.join(sending)).stored, (yield* send).stored], ["unknown", "no"])
    }))

  it.effect.each([...reads, ...connection])(
    "P9.1: says nothing about a message that none was sent with: $name",
    ({ call }) =>
      Effect.gen(function*() {
        const { close, conversations } = yield* start()
        yield* close
        assert.notProperty(yield* Effect.flip(call(conversations)), "stored")
      }).pipe(Effect.scoped)
  )

  it.effect.each(lists)(
    "P9.1: fails with its name and the reason of the server: $name",
    ({ call, name }) =>
      Effect.gen(function*() {
        const failing = () => Stream.fail(refused)
        const http = { conversations: failing, conversationMessages: failing, messages: failing }
        const { conversations } = yield* start({ http })
        const error = yield* Effect.flip(call(conversations))
        assert.deepStrictEqual([error._tag, error.method, error.reason], ["ConversationError", name, reason])
      }).pipe(Effect.scoped)
  )

  it.effect.each(connection)(
    "P9.1: fails with its name and the reason of the session: $name",
    ({ call, name }) =>
      Effect.gen(function*() {
        const failing = Effect.fail(new SubscriptionError({ method: "ready", reason }))
        const { conversations } = yield* start({ subscription: { ready: failing, reconnect: failing } })
        const error = yield* Effect.flip(call(conversations))
        assert.deepStrictEqual([error._tag, error.method, error.reason], ["ConversationError", name, reason])
      }).pipe(Effect.scoped)
  )

  it.effect.each([...reads, ...lists, ...connection, ...sends])(
    "has a span of its name: $name",
    ({ call, name }) =>
      Effect.gen(function*() {
        const { close, conversations, services, spans } = yield* start(silent)
        const calling = yield* Effect.forkChild(Effect.exit(call(conversations)), { startImmediately: true })
        yield* close
        yield* Fiber.join(calling)
        assert.deepStrictEqual([services, spans], [["Conversations"], [name]])
      }).pipe(Effect.scoped)
  )

  it.effect("yields the items of a list", () =>
    Effect.gen(function*() {
      const items = [message("a", 2), message("b", 1)]
      const { conversations } = yield* start({ http: { messages: () => Stream.fromIterable(items) } })
      assert.deepStrictEqual(yield* Stream.runCollect(conversations.messages()), items)
    }))
})

it.effect.each([true, false, undefined])(
  "makes a span for each send, even if nothing exports it, only to trace it: %s",
  (traceMessages) =>
    Effect.gen(function*() {
      const { always, close, conversations } = yield* start({ ...silent, options: { traceMessages } })
      const sending = yield* Effect.forkChild(Effect.exit(conversations.sendMessage({ addressId, text: "hello" })), {
        startImmediately: true
      })
      yield* close
      yield* Fiber.join(sending)
      assert.deepStrictEqual(always, [traceMessages === true])
    })
)

it.effect("P9.2: an invalid option fails the layer over services below, and is named", () =>
  Effect.gen(function*() {
    const { method, reason } = yield* Effect.flip(start({ options: { settle: -1 } }))
    assert.deepInclude(reason, { _tag: "Invalid" })
    assert.strictEqual(method, "layer")
    assert.include(reason.message, "settle")
  }))

it.effect("P1.7: history is polled once the session has been lost for 5 seconds", () =>
  Effect.gen(function*() {
    const lost: ConnectionState = {
      _tag: "Reconnecting",
      attempt: 1,
      delayMillis: null,
      polling: false,
      reason: new Reason.Transport({ detail: "" })
    }
    let reads = 0
    const { conversations } = yield* start({
      http: { getMessages: () => Effect.sync(() => (reads++, page([]))) },
      subscription: {
        ...silent.subscription,
        connection: { current: Effect.succeed(idle), changes: Stream.make(idle, lost) }
      }
    })
    yield* Effect.forkScoped(conversations.subscription(), { startImmediately: true })
    yield* TestClock.adjust("4 seconds")
    assert.deepStrictEqual([reads, yield* conversations.connection.current], [0, lost])
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual([reads, yield* conversations.connection.current], [1, { ...lost, polling: true }])
  }))

it.effect("P8.3: the state of the connection is that of the session, until the client is closed", () =>
  Effect.gen(function*() {
    const connected: ConnectionState = { _tag: "Connected", resumed: false, catchingUp: false, reason: null }
    const { close, conversations } = yield* start({
      subscription: { connection: { current: Effect.succeed(idle), changes: Stream.make(idle, connected) } }
    })
    yield* Effect.yieldNow
    assert.deepStrictEqual(yield* conversations.connection.current, connected)
    yield* close
    assert.deepStrictEqual(yield* conversations.connection.current, closed)
  }))
