/** Counting what happens, for the metrics that this package offers. */
import type { SendReceipt } from "@effect-signalwire/http/SignalWireHttp"
import type { Signal } from "@effect-signalwire/subscription/Signal"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { ConversationError } from "../ConversationError.ts"
import * as ConversationMetrics from "../ConversationMetrics.ts"

/** Counts what a session signals. Of a batch, which is heard at once, one message tells the lag. */
export const listener: Effect.Effect<(signals: ReadonlyArray<Signal>) => void> = Effect.gen(function*() {
  const context = yield* Effect.context()
  const clock = yield* Clock.Clock
  return (signals) => {
    const newest = signals.at(-1)
    if (newest?._tag === "Event") {
      const lag = clock.currentTimeMillisUnsafe() / 1000 - newest.event.epochSeconds
      ConversationMetrics.lag.updateUnsafe(lag, context)
    }
    for (const signal of signals) {
      if (signal._tag === "Lapse" && signal.cause === "connected") ConversationMetrics.sessions.updateUnsafe(1, context)
    }
  }
})

const outcomeOf = (exit: Exit.Exit<SendReceipt, ConversationError>): string => {
  if (Exit.isSuccess(exit)) return "Stored"
  return Option.match(Cause.findErrorOption(exit.cause), {
    onNone: () => "Interrupted",
    onSome: ({ reason }) => reason._tag
  })
}

/** Counts a send, and how long it took. */
export const send = (
  self: Effect.Effect<SendReceipt, ConversationError>
): Effect.Effect<SendReceipt, ConversationError> =>
  Effect.withFiber(({ context }) => {
    const clock = Context.get(context, Clock.Clock)
    const began = clock.monotonicTimeNanosUnsafe()
    return Effect.onExit(self, (exit) => {
      ConversationMetrics.sendDuration.updateUnsafe(Duration.nanos(clock.monotonicTimeNanosUnsafe() - began), context)
      ConversationMetrics.sends.updateUnsafe(outcomeOf(exit), context)
      return Effect.void
    })
  })
