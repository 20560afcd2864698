/** Records the metrics of a client, or nothing where bundles go without Effect's `Metric`. */
import type { SendReceipt } from "@effect-signalwire/http/SignalWireHttp"
import type { Signal } from "@effect-signalwire/subscription/Signal"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { constVoid, identity } from "effect/Function"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type { ConversationError } from "../ConversationError.ts"
import * as ConversationMetrics from "../ConversationMetrics.ts"

export interface MetricsRecorder {
  /** Makes the function that records the signals of the session. */
  readonly signalRecorder: Effect.Effect<(signals: ReadonlyArray<Signal>) => void>
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
  recordRecovered: () => Effect.void,
  recordGap: Effect.void,
  trackSend: identity
}

const outcomeOf = (exit: Exit.Exit<SendReceipt, ConversationError>): string => {
  if (Exit.isSuccess(exit)) return "Stored"
  return Option.match(Cause.findErrorOption(exit.cause), {
    onNone: () => "Interrupted",
    onSome: ({ reason }) => reason._tag
  })
}

/**
 * Records the metrics of `ConversationMetrics`. The lag is that of the last event of a batch, which is received at
 * once.
 */
export const make = (): MetricsRecorder => ({
  signalRecorder: Effect.gen(function*() {
    const context = yield* Effect.context()
    const clock = yield* Clock.Clock
    return (signals) => {
      const newest = signals.at(-1)
      if (newest?._tag === "Event") {
        const lag = clock.currentTimeMillisUnsafe() / 1000 - newest.event.epochSeconds
        ConversationMetrics.lag.updateUnsafe(lag, context)
      }
      for (const signal of signals) {
        if (signal._tag === "Discontinuity" && signal.cause === "connected") {
          ConversationMetrics.sessions.updateUnsafe(1, context)
        }
      }
    }
  }),
  recordRecovered: (messages) => Metric.update(ConversationMetrics.repairs, messages),
  recordGap: Metric.update(ConversationMetrics.gaps, 1),
  trackSend: (self) =>
    Effect.withFiber(({ context }) => {
      const clock = Context.get(context, Clock.Clock)
      const startedAt = clock.monotonicTimeNanosUnsafe()
      return Effect.onExit(self, (exit) => {
        ConversationMetrics.sendDuration.updateUnsafe(
          Duration.nanos(clock.monotonicTimeNanosUnsafe() - startedAt),
          context
        )
        ConversationMetrics.sends.updateUnsafe(outcomeOf(exit), context)
        return Effect.void
      })
    })
})
