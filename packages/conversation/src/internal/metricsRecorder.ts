/** Records the metrics of a client, or nothing in bundles without Effect's `Metric`. */
import type { SendReceipt } from "@effect-signalwire/http/SignalWireHttp"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as SemanticConventions from "@effect-signalwire/runtime/SemanticConventions"
import type { Signal } from "@effect-signalwire/subscription/Signal"
import type * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { constVoid, identity } from "effect/Function"
import * as Metric from "effect/Metric"
import type { ConversationError } from "../ConversationError.ts"
import * as ConversationMetrics from "../ConversationMetrics.ts"
import type { Item } from "./sequence.ts"

type Items = Arr.NonEmptyReadonlyArray<Item>

export interface MetricsRecorder {
  /** Makes the function that records the signals of the session. */
  readonly signalRecorder: Effect.Effect<(signals: ReadonlyArray<Signal>) => void>
  /** Records the items that a subscription or a timeline yields, and returns them. */
  readonly recordItems: (operation: "subscribe" | "timeline", items: Items) => Effect.Effect<Items>
  /** Records how many messages a read of history recovered. */
  readonly recordRecovered: (messages: number) => Effect.Effect<void>
  /** Records a gap that history could not close. */
  readonly recordGap: Effect.Effect<void>
  /** Records the outcome of a send, and how long it took. */
  readonly trackSend: (
    self: Effect.Effect<SendReceipt, ConversationError>
  ) => Effect.Effect<SendReceipt, ConversationError>
}

/** Records nothing. */
export const noop: MetricsRecorder = {
  signalRecorder: Effect.succeed(constVoid),
  recordItems: (_, items) => Effect.succeed(items),
  recordRecovered: () => Effect.void,
  recordGap: Effect.void,
  trackSend: identity
}

const errorTypeOf = (exit: Exit.Exit<SendReceipt, ConversationError>): string | undefined => {
  if (Exit.isSuccess(exit)) return undefined
  return SemanticConventions.errorType(exit.cause) ?? "Interrupted"
}

const countMessages = (items: ReadonlyArray<Item>): number => {
  let messages = 0
  for (const { _tag } of items) {
    if (_tag === "Message") messages++
  }
  return messages
}

/**
 * Records the metrics of `ConversationMetrics`. The lag is that of the last event of a batch, which is received at
 * once.
 */
const makeRecorder = (metrics: ConversationMetrics.ConversationMetrics): MetricsRecorder => ({
  signalRecorder: Effect.gen(function*() {
    const context = yield* Effect.context()
    const clock = yield* Clock.Clock
    return (signals) => {
      const newest = signals.at(-1)
      if (newest?._tag === "Event") {
        const lag = clock.currentTimeMillisUnsafe() / 1000 - newest.event.epochSeconds
        metrics.lag.updateUnsafe(lag, context)
      }
      for (const signal of signals) {
        if (signal._tag === "Discontinuity" && signal.cause === "connected") {
          metrics.sessions.updateUnsafe(1, context)
        }
      }
    }
  }),
  recordItems: (operation, items) => {
    const messages = countMessages(items)
    return messages === 0
      ? Effect.succeed(items)
      : Effect.as(Metric.update(metrics.consumedMessages(operation), messages), items)
  },
  recordRecovered: (messages) => Metric.update(metrics.recoveredMessages, messages),
  recordGap: Metric.update(metrics.gaps, 1),
  trackSend: (self) =>
    Effect.withFiber(({ context }) => {
      const clock = Context.get(context, Clock.Clock)
      const startedAt = Monotonic.millisOf(clock)
      return Effect.onExit(self, (exit) => {
        const errorType = errorTypeOf(exit)
        metrics.sendDuration(errorType).updateUnsafe((Monotonic.millisOf(clock) - startedAt) / 1000, context)
        metrics.sentMessages(errorType).updateUnsafe(1, context)
        return Effect.void
      })
    })
})

/** Records the metrics of the clients with this name. */
export const make = (name: string | undefined): MetricsRecorder => makeRecorder(ConversationMetrics.forClient(name))
