/** Notifies subscriptions when the token was refused and the client is waiting for another one. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import type { Reason } from "@effect-signalwire/schema/Reason"
import type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Runner } from "./runner.ts"

/** Called with the reason, once each time that the client starts to wait for another token. */
export type OnRefusal = (reason: Reason) => void

export interface TokenRefusals {
  /** Adds a listener, and returns a function that removes it. */
  readonly listen: (onRefusal: OnRefusal) => () => void
  /** Forgets the last refusal, because another token is in use: listeners added later are not called for it. */
  readonly reset: () => void
}

/** Why the client is waiting for another token; `undefined` while it is not, or while it is trying one. */
const refusalOf = (state: ConnectionState): Reason | undefined => {
  if (state._tag === "Reconnecting" && state.delayMillis !== null) return undefined
  return state.reason?._tag === "Unauthorized" && !state.reason.isRetryable ? state.reason : undefined
}

export const make = (runner: Runner<Conversations.Conversations>): TokenRefusals => {
  const listeners = new Set<OnRefusal>()
  let current: Reason | undefined
  let stop: (() => Promise<void>) | undefined

  const onState = (state: ConnectionState): void => {
    const refusal = refusalOf(state)
    const isNew = refusal !== undefined && current === undefined
    current = refusal
    if (isNew) { for (const listener of Array.from(listeners)) listener(refusal) }
  }

  return {
    reset: () => {
      current = undefined
    },
    listen: (onRefusal) => {
      listeners.add(onRefusal)
      if (current !== undefined) onRefusal(current)
      stop ??= runner.start(
        Conversations.Conversations.use(({ connection }) =>
          Stream.runForEachArray(connection.changes, (states) => Effect.sync(() => states.forEach(onState)))
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
