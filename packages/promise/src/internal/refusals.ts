/** Tells those who wait for messages that the token was refused, and that everything waits for another one. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import type { Reason } from "@effect-signalwire/schema/Reason"
import type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import * as Effect from "effect/Effect"
import { forEachBatch } from "./iterating.ts"
import type { Runner } from "./runner.ts"

/** Called with the reason, once each time that the client begins to wait for another token. */
export type OnRefusal = (reason: Reason) => void

export interface Refusals {
  /** Listens; returns how to stop. */
  readonly listen: (onRefusal: OnRefusal) => () => void
  /** Another token is tried: those that listen from now on are not called for the one before it. */
  readonly forget: () => void
}

/** Why the client waits for another token; `undefined` while it does not, as when it tries one. */
const refusalIn = (state: ConnectionState): Reason | undefined => {
  if (state._tag === "Reconnecting" && state.delayMillis !== null) return undefined
  return state.reason?._tag === "Unauthorized" && !state.reason.isRetryable ? state.reason : undefined
}

export const make = (runner: Runner<Conversations.Conversations>): Refusals => {
  const listeners = new Set<OnRefusal>()
  let current: Reason | undefined
  let stop: (() => Promise<void>) | undefined

  const note = (state: ConnectionState): void => {
    const refusal = refusalIn(state)
    const isNew = refusal !== undefined && current === undefined
    current = refusal
    if (isNew) { for (const listener of Array.from(listeners)) listener(refusal) }
  }

  return {
    forget: () => {
      current = undefined
    },
    listen: (onRefusal) => {
      listeners.add(onRefusal)
      if (current !== undefined) onRefusal(current)
      stop ??= runner.start(
        Conversations.Conversations.use(({ connection }) =>
          forEachBatch(connection.changes, (states) => Effect.sync(() => states.forEach(note)))
        )
      ).stop
      return () => {
        listeners.delete(onRefusal)
        if (listeners.size > 0) return
        void stop?.()
        stop = undefined
        current = undefined
      }
    }
  }
}
