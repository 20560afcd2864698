/** Counting what happens, as metrics where somebody may read them. */
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

/** What is told of what happens, to be counted. */
export interface Meter {
  /** Makes what counts the signals of a session. */
  readonly listen: Effect.Effect<(signals: ReadonlyArray<Signal>) => void>
  /** So many messages were read back that were never heard. */
  readonly repaired: (messages: number) => Effect.Effect<void>
  /** A stretch could not be read back. */
  readonly missed: Effect.Effect<void>
  /** A send, with what became of it, and how long that took. */
  readonly send: (
    self: Effect.Effect<SendReceipt, ConversationError>
  ) => Effect.Effect<SendReceipt, ConversationError>
}

/** Counts nothing, and loads nothing for it. */
export const idle: Meter = {
  listen: Effect.succeed(constVoid),
  repaired: () => Effect.void,
  missed: Effect.void,
  send: identity
}

const outcomeOf = (exit: Exit.Exit<SendReceipt, ConversationError>): string => {
  if (Exit.isSuccess(exit)) return "Stored"
  return Option.match(Cause.findErrorOption(exit.cause), {
    onNone: () => "Interrupted",
    onSome: ({ reason }) => reason._tag
  })
}

/** Counts in the metrics that this package offers. Of a batch, which is heard at once, one message tells the lag. */
export const make = (): Meter => ({
  listen: Effect.gen(function*() {
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
  repaired: (messages) => Metric.update(ConversationMetrics.repairs, messages),
  missed: Metric.update(ConversationMetrics.gaps, 1),
  send: (self) =>
    Effect.withFiber(({ context }) => {
      const clock = Context.get(context, Clock.Clock)
      const began = clock.monotonicTimeNanosUnsafe()
      return Effect.onExit(self, (exit) => {
        ConversationMetrics.sendDuration.updateUnsafe(Duration.nanos(clock.monotonicTimeNanosUnsafe() - began), context)
        ConversationMetrics.sends.updateUnsafe(outcomeOf(exit), context)
        return Effect.void
      })
    })
})
