import * as ConversationMetrics from "@effect-signalwire/conversation/ConversationMetrics"
import { Conversations } from "@effect-signalwire/conversation/Conversations"
import * as ConversationTrace from "@effect-signalwire/conversation/ConversationTrace"
import { ConversationsTest, layer } from "@effect-signalwire/testing/ConversationsTest"
import * as Fixtures from "@effect-signalwire/testing/Fixtures"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"

/** A tracer that records its spans. */
const recorder = () => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return { tracer, named: (name: string) => spans.filter((span) => span.name === name) }
}

const office = { conversations: ["office"] } as const

describe("traces", () => {
  const exchange = Effect.gen(function*() {
    const { addressId } = yield* ConversationsTest
    const { sendMessage, subscription } = yield* Conversations
    const received = yield* Effect.forkChild(
      Stream.runForEach(
        Stream.take(yield* subscription(), 1),
        (event) => ConversationTrace.withMessage(Effect.void, event)
      )
    )
    yield* sendMessage({ addressId: addressId("office"), text: "hello", metadata: { mood: "good" } })
    yield* Fiber.join(received)
  }).pipe(Effect.scoped)

  it.effect("link a send to the handling of its event", () =>
    Effect.gen(function*() {
      const { named, tracer } = recorder()
      yield* exchange.pipe(
        Effect.provide(layer({ ...office, client: { traceMessages: true } })),
        Effect.withTracer(tracer)
      )
      const [send] = named("Conversations.sendMessage")
      const [message] = named("Conversations.message")
      assert.strictEqual(send?.kind, "producer")
      assert.strictEqual(message?.kind, "consumer")
      assert.deepStrictEqual(
        message?.links.map(({ span: { spanId, traceId } }) => [traceId, spanId]),
        [[send?.traceId, send?.spanId]]
      )
      assert.deepStrictEqual(
        send?.attributes.get("signalwire.message.client_id"),
        message?.attributes.get("signalwire.message.client_id")
      )
      assert.isString(message?.attributes.get("signalwire.message.client_id"))
      assert.isString(message?.attributes.get("messaging.message.id"))
    }))

  const boom = (): never => {
    throw new Error("the exporter is broken")
  }

  it.effect.each<[string, (span: Tracer.NativeSpan) => void]>([
    ["has no span for the session", () => boom()],
    ["can't add an event", (span) => Object.assign(span, { event: boom })],
    ["can't add an attribute", (span) => Object.assign(span, { attribute: boom })],
    ["can't end the span", (span) => Object.assign(span, { end: boom })]
  ])("P8.7: the connection continues when a tracer %s", ([, broken]) => {
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        if (options.name.endsWith("session")) broken(span)
        return span
      }
    })
    return Effect.gen(function*() {
      const { addMessage, drop } = yield* ConversationsTest
      const { connection, subscription } = yield* Conversations
      const events = yield* subscription()
      const connected = Stream.runDrain(Stream.takeUntil(connection.changes, ({ _tag }) => _tag === "Connected"))
      yield* connected
      yield* drop
      yield* TestClock.adjust("1 minute")
      yield* connected
      yield* addMessage({ conversation: "office", text: "hello" })
      assert.strictEqual((yield* Stream.runCollect(Stream.take(events, 1))).length, 1)
    }).pipe(Effect.scoped, Effect.provide(layer(office)), Effect.withTracer(tracer))
  })

  it.effect("P9.2: do not turn invalid metadata into valid metadata", () =>
    Effect.gen(function*() {
      const { addressId } = yield* ConversationsTest
      const { sendMessage } = yield* Conversations
      // copying its properties would make a plain object
      const metadata = Object.create(Date.prototype)
      const error = yield* Effect.flip(sendMessage({ addressId: addressId("office"), text: "hello", metadata }))
      assert.include(error.message, "metadata: must be a plain object, not an instance of Date")
    }).pipe(
      Effect.provide(layer({ ...office, client: { traceMessages: true } })),
      Effect.withTracer(recorder().tracer)
    ))

  it.effect("do not change messages unless traceMessages is set", () =>
    Effect.gen(function*() {
      const { named, tracer } = recorder()
      const sent = yield* Effect.andThen(exchange, ConversationsTest.use(({ sent }) => sent)).pipe(
        Effect.provide(layer(office)),
        Effect.withTracer(tracer)
      )
      assert.deepStrictEqual(named("Conversations.message").map(({ links }) => links), [[]])
      assert.notProperty(sent[0]?.metadata, "traceparent")
      assert.strictEqual(sent[0]?.metadata["mood"], "good")
    }))

  it("ignore invalid trace contexts", () => {
    for (const traceparent of [undefined, 7, "nonsense", `00-${"0".repeat(32)}-${"0".repeat(16)}-01`]) {
      assert.isTrue(
        Option.isNone(ConversationTrace.senderSpan(Fixtures.conversationMessage({ metadata: { traceparent } })))
      )
    }
  })
})

describe("logs", () => {
  it.effect("contain the session that ended, and the reason", () =>
    Effect.gen(function*() {
      const entries: Array<Readonly<Record<string, unknown>>> = []
      const logger = Logger.make(({ fiber, message }) => {
        entries.push({ message, ...fiber.getRef(References.CurrentLogAnnotations) })
      })
      yield* Effect.gen(function*() {
        const { drop } = yield* ConversationsTest
        yield* Effect.asVoid((yield* Conversations).subscription())
        yield* drop
        yield* TestClock.adjust("1 minute")
      }).pipe(
        Effect.scoped,
        Effect.provide(Layer.merge(layer(office), Logger.layer([logger]))),
        Effect.provideService(References.MinimumLogLevel, "Debug")
      )
      const [ended] = entries.filter((entry) => "signalwire.session.number" in entry)
      assert.deepInclude(ended, { "signalwire.session.number": 1, "error.type": "Transport" })
    }))
})

describe("metrics", () => {
  it.effect("count sessions, recoveries, lag, and the outcomes of sends", () =>
    Effect.gen(function*() {
      const { addressId, drop, addMessage, setFaults } = yield* ConversationsTest
      const { sendMessage, subscription } = yield* Conversations
      const received = yield* Effect.forkChild(Stream.runDrain(Stream.take(yield* subscription(), 3)))
      yield* addMessage({ conversation: "office", text: "live" })
      yield* TestClock.adjust("1 second")
      yield* drop
      yield* addMessage({ conversation: "office", text: "meanwhile" })
      yield* addMessage({ conversation: "office", text: "never pushed", push: false })
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(received)
      yield* sendMessage({ addressId: addressId("office"), text: "mine" })
      yield* setFaults([{ match: { on: "http", method: "POST" }, action: { type: "answer", status: 403, body: {} } }])
      yield* Effect.flip(sendMessage({ addressId: addressId("office"), text: "refused" }))

      const metrics = ConversationMetrics.forClient("bot")
      assert.strictEqual((yield* Metric.value(metrics.sessions)).count, 2)
      assert.isAtLeast((yield* Metric.value(metrics.recoveredMessages)).count, 1)
      assert.isAtLeast((yield* Metric.value(metrics.lag)).count, 1)
      assert.strictEqual((yield* Metric.value(metrics.consumedMessages("subscribe"))).count, 3)
      assert.strictEqual((yield* Metric.value(metrics.sendDuration())).count, 1)
      assert.strictEqual((yield* Metric.value(metrics.sendDuration("Forbidden"))).count, 1)
      assert.strictEqual((yield* Metric.value(metrics.sentMessages())).count, 1)
      assert.strictEqual((yield* Metric.value(metrics.sentMessages("Forbidden"))).count, 1)
      // they are not counted for clients of another name
      assert.strictEqual((yield* Metric.value(ConversationMetrics.forClient().sessions)).count, 0)
    }).pipe(
      Effect.scoped,
      Effect.provide(layer({ ...office, client: { name: "bot" } })),
      Effect.provideServiceEffect(Metric.MetricRegistry, Effect.sync(() => new Map()))
    ))
})
