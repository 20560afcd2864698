import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as ConversationMetrics from "../src/ConversationMetrics.ts"

/** With metrics that no other test records. */
const isolated = Effect.provideServiceEffect(
  Metric.MetricRegistry,
  Effect.sync((): Metric.MetricRegistry => new Map())
)

/** Records one of each, as a client does. */
const recordAll = (metrics: ConversationMetrics.ConversationMetrics) =>
  Effect.all([
    Metric.update(metrics.sentMessages(), 1),
    Metric.update(metrics.sentMessages("Forbidden"), 1),
    Metric.update(metrics.sendDuration(), 1),
    Metric.update(metrics.sendDuration("Forbidden"), 1),
    Metric.update(metrics.consumedMessages("subscribe"), 1),
    Metric.update(metrics.consumedMessages("timeline"), 1),
    Metric.update(metrics.sessions, 1),
    Metric.update(metrics.gaps, 1),
    Metric.update(metrics.recoveredMessages, 1),
    Metric.update(metrics.lag, 1)
  ], { discard: true })

const client = { "messaging.system": "signalwire", "messaging.client.id": "orders" }
const seconds = { ...client, unit: "s" }
const send = { "messaging.operation.name": "sendMessage", "messaging.operation.type": "send" }
const failed = { ...send, "error.type": "Forbidden" }
const received = (operation: string) => ({
  "messaging.operation.name": operation,
  "messaging.operation.type": "receive"
})

describe("ConversationMetrics", () => {
  it.effect("has stable names, kinds and attributes", () =>
    Effect.gen(function*() {
      yield* recordAll(ConversationMetrics.forClient("orders"))
      const recorded = (yield* Metric.snapshot).map(({ attributes, id, type }) => [id, type, attributes])
      assert.sameDeepMembers(recorded, [
        ["messaging.client.sent.messages", "Counter", { ...client, ...send }],
        ["messaging.client.sent.messages", "Counter", { ...client, ...failed }],
        ["messaging.client.operation.duration", "Histogram", { ...seconds, ...send }],
        ["messaging.client.operation.duration", "Histogram", { ...seconds, ...failed }],
        ["messaging.client.consumed.messages", "Counter", { ...client, ...received("subscribe") }],
        ["messaging.client.consumed.messages", "Counter", { ...client, ...received("timeline") }],
        ["signalwire.sessions", "Counter", client],
        ["signalwire.gaps", "Counter", client],
        ["signalwire.recovered.messages", "Counter", client],
        ["signalwire.message.lag", "Histogram", seconds]
      ])
    }).pipe(isolated))

  it.effect("describes each of its metrics", () =>
    Effect.gen(function*() {
      yield* recordAll(ConversationMetrics.forClient("orders"))
      const undescribed = (yield* Metric.snapshot).filter(({ description = "" }) => !/^[A-Z].{10}/.test(description))
      assert.deepStrictEqual(undescribed.map(({ id }) => id), [])
    }).pipe(isolated))

  it.effect("has counters that never decrease", () =>
    Effect.gen(function*() {
      const { sessions } = ConversationMetrics.forClient("orders")
      yield* Metric.update(sessions, 2)
      yield* Metric.update(sessions, -1)
      assert.strictEqual((yield* Metric.value(sessions)).count, 2)
    }).pipe(isolated))

  const boundariesOf = (histogram: Metric.Histogram<number>) =>
    Effect.map(Metric.value(histogram), ({ buckets }) => buckets.map(([boundary]) => boundary).filter(Number.isFinite))

  it.effect("measures the duration of sends with the boundaries that OpenTelemetry specifies, and more for long ones", () =>
    Effect.gen(function*() {
      const boundaries = yield* boundariesOf(ConversationMetrics.forClient("orders").sendDuration())
      assert.includeOrderedMembers(boundaries, [
        0.005,
        0.01,
        0.025,
        0.05,
        0.075,
        0.1,
        0.25,
        0.5,
        0.75,
        1,
        2.5,
        5,
        7.5,
        10
      ])
      assert.isAtLeast(boundaries.at(-1) ?? 0, 120)
    }).pipe(isolated))

  it.effect("measures lags from a millisecond to a minute, each boundary twice the one before it", () =>
    Effect.gen(function*() {
      const boundaries = yield* boundariesOf(ConversationMetrics.forClient("orders").lag)
      assert.strictEqual(boundaries[0], 0.001)
      assert.isAtLeast(boundaries.at(-1) ?? 0, 60)
      assert.isTrue(boundaries.every((boundary, index) => index === 0 || boundary === 2 * (boundaries[index - 1] ?? 0)))
    }).pipe(isolated))

  it("makes each metric once, since every message is recorded", () => {
    const [one, other] = [ConversationMetrics.forClient("orders"), ConversationMetrics.forClient("orders")]
    assert.strictEqual(one, other)
    assert.strictEqual(one.sentMessages("Forbidden"), one.sentMessages("Forbidden"))
    assert.strictEqual(one.sendDuration(), one.sendDuration())
    assert.strictEqual(one.consumedMessages("timeline"), one.consumedMessages("timeline"))
  })

  it.effect("keeps clients of different names apart, and counts those without a name together", () =>
    Effect.gen(function*() {
      yield* Metric.update(ConversationMetrics.forClient("orders").gaps, 1)
      yield* Metric.update(ConversationMetrics.forClient().gaps, 1)
      yield* Metric.update(ConversationMetrics.forClient("effect-signalwire").gaps, 1)
      const counts = yield* Effect.forEach(
        ["orders", "other", "effect-signalwire"],
        (name) => Effect.map(Metric.value(ConversationMetrics.forClient(name).gaps), ({ count }) => count)
      )
      assert.deepStrictEqual(counts, [1, 0, 2])
    }).pipe(isolated))
})
