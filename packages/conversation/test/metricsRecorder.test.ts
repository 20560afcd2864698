import type { SendReceipt } from "@effect-signalwire/http/SignalWireHttp"
import * as Branded from "@effect-signalwire/schema/Branded"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Signal from "@effect-signalwire/subscription/Signal"
import { assert, describe, it } from "@effect/vitest"
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as TestClock from "effect/testing/TestClock"
import { ConversationError } from "../src/ConversationError.ts"
import * as ConversationMetrics from "../src/ConversationMetrics.ts"
import * as MetricsRecorder from "../src/internal/metricsRecorder.ts"
import type { Item } from "../src/internal/sequence.ts"
import { TimelineEvent } from "../src/TimelineEvent.ts"
import { event, message } from "./support.ts"

const metrics = ConversationMetrics.forClient("recorder")
const recorder = MetricsRecorder.make("recorder")

/** With metrics that no other test records. */
const isolated = Effect.provideServiceEffect(
  Metric.MetricRegistry,
  Effect.sync((): Metric.MetricRegistry => new Map())
)

const countOf = (metric: Metric.Counter<number>) => Effect.map(Metric.value(metric), ({ count }) => count)

const messageItem = (id: string): Item => TimelineEvent.Message({ message: message(id, 1), late: false })
const caughtUp: Item = TimelineEvent.CaughtUp({ through: null })

const receipt: SendReceipt = { conversationId: Branded.conversationId("c"), groupId: null }
const forbidden = new ConversationError({
  method: "sendMessage",
  reason: new Reason.Forbidden({ detail: "" }),
  stored: "no"
})

describe("the recorder of signals", () => {
  it.effect("counts the sessions that became ready, and no other discontinuity", () =>
    Effect.gen(function*() {
      const record = yield* recorder.signalRecorder
      record([Signal.connected(1), Signal.overflow, Signal.requested, Signal.event(event("a", 1))])
      record([Signal.malformed({ path: "", message: "not JSON" }), Signal.connected(2)])
      assert.strictEqual(yield* countOf(metrics.sessions), 2)
    }).pipe(isolated))

  it.effect("measures the time from the message to its receipt, in seconds, for the newest of each batch", () =>
    Effect.gen(function*() {
      const record = yield* recorder.signalRecorder
      yield* TestClock.setTime(10_000)
      record([Signal.event(event("a", 1)), Signal.event(event("b", 5)), Signal.event(event("c", 7))])
      const { count, sum } = yield* Metric.value(metrics.lag)
      assert.deepStrictEqual([count, sum], [1, 3])
    }).pipe(isolated))

  it.effect("measures nothing when the newest signal is not a message", () =>
    Effect.gen(function*() {
      const record = yield* recorder.signalRecorder
      record([])
      record([Signal.event(event("a", 1)), Signal.connected(2)])
      assert.strictEqual((yield* Metric.value(metrics.lag)).count, 0)
    }).pipe(isolated))
})

describe("the recorder of items", () => {
  it.effect.each(["subscribe", "timeline"] as const)(
    "counts the messages among the items of a %s, and returns all items",
    (operation) =>
      Effect.gen(function*() {
        const items: Arr.NonEmptyReadonlyArray<Item> = [messageItem("a"), caughtUp, messageItem("b")]
        assert.strictEqual(yield* recorder.recordItems(operation, items), items)
        assert.strictEqual(yield* countOf(metrics.consumedMessages(operation)), 2)
      }).pipe(isolated)
  )

  it.effect("records nothing for items without messages, and returns them", () =>
    Effect.gen(function*() {
      const items: Arr.NonEmptyReadonlyArray<Item> = [caughtUp]
      assert.strictEqual(yield* recorder.recordItems("timeline", items), items)
      assert.deepStrictEqual(yield* Metric.snapshot, [])
    }).pipe(isolated))
})

describe("the recorder of reads", () => {
  it.effect("counts recovered messages and gaps", () =>
    Effect.gen(function*() {
      yield* recorder.recordRecovered(3)
      yield* recorder.recordRecovered(2)
      yield* recorder.recordGap
      assert.deepStrictEqual([yield* countOf(metrics.recoveredMessages), yield* countOf(metrics.gaps)], [5, 1])
    }).pipe(isolated))
})

describe("the recorder of sends", () => {
  it.effect("counts a send that succeeds, with how long it took in seconds, and returns its receipt", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const sending = yield* Effect.forkChild(recorder.trackSend(Effect.delay(Effect.succeed(receipt), "3 seconds")), {
        startImmediately: true
      })
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(yield* Fiber.join(sending), receipt)
      assert.strictEqual(yield* countOf(metrics.sentMessages()), 1)
      const { count, sum } = yield* Metric.value(metrics.sendDuration())
      assert.deepStrictEqual([count, sum], [1, 3])
    }).pipe(isolated))

  it.effect.each<readonly [string, Effect.Effect<SendReceipt, ConversationError>]>([
    ["Forbidden", Effect.fail(forbidden)],
    ["Interrupted", Effect.interrupt],
    ["_OTHER", Effect.die(new Error("a defect of an HttpClient"))]
  ])(
    "P9.1: counts a send that fails under its reason, with its duration: %s",
    ([errorType, send]) =>
      Effect.gen(function*() {
        yield* Effect.exit(recorder.trackSend(send))
        assert.strictEqual(yield* countOf(metrics.sentMessages(errorType)), 1)
        assert.strictEqual((yield* Metric.value(metrics.sendDuration(errorType))).count, 1)
        assert.lengthOf(yield* Metric.snapshot, 2)
      }).pipe(isolated)
  )

  it.effect("fails as the send fails", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* Effect.flip(recorder.trackSend(Effect.fail(forbidden))), forbidden)
    }).pipe(isolated))
})

describe("a client without metrics", () => {
  it.effect("records nothing, and returns items and receipts as they are", () =>
    Effect.gen(function*() {
      const { noop } = MetricsRecorder
      const record = yield* noop.signalRecorder
      record([Signal.connected(1), Signal.event(event("a", 1))])
      const items: Arr.NonEmptyReadonlyArray<Item> = [messageItem("a")]
      assert.strictEqual(yield* noop.recordItems("subscribe", items), items)
      yield* noop.recordRecovered(1)
      yield* noop.recordGap
      assert.strictEqual(yield* noop.trackSend(Effect.succeed(receipt)), receipt)
      assert.deepStrictEqual(yield* Metric.snapshot, [])
    }).pipe(isolated))
})
