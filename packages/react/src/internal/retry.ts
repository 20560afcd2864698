/**
 * Repeats reads that fail for reasons that may recover. The pauses between attempts grow, and end early when the state
 * of the connection or the token suggests that the next attempt will succeed.
 */
import {
  type ConnectionState,
  ConversationError,
  isRecoverable,
  type Reason,
  type SignalWireClient
} from "@effect-signalwire/promise"
import * as Backoff from "@effect-signalwire/runtime/Backoff"
import * as RetryAfter from "@effect-signalwire/runtime/RetryAfter"
import type { ClientSource } from "./clientSource.ts"

export interface Retry {
  /**
   * Repeats an operation until it succeeds, fails for a reason that can't recover, or the signal is aborted. `onWait`
   * is called with the reason for each pause.
   */
  readonly run: <A>(operation: () => Promise<A>, onWait?: (reason: Reason) => void) => Promise<A>
  /** Ends all current pauses. */
  readonly retryNow: () => void
}

/** The first pause, which doubles with each failure, and the longest one. Milliseconds. */
const basePause = 1000
const maxPause = 30_000

/** The maximum random delay after the end of an obstacle, so that clients do not all retry at once. Milliseconds. */
const maxJitter = 250

const works = (state: ConnectionState): boolean => state._tag === "Connected" && state.reason === null

const waitsForToken = (state: ConnectionState): boolean =>
  state._tag === "Reconnecting" && state.delayMillis === null && state.reason._tag === "Unauthorized"

/** Whether a change of the connection is a reason to retry: it works again, or another token is in use. */
const isImprovement = (before: ConnectionState, after: ConnectionState): boolean =>
  (works(after) && !works(before)) || (waitsForToken(before) && !waitsForToken(after))

/** The pause after a number of failures, exponential with jitter. Milliseconds. */
const backoffMillis = (failures: number): number =>
  Backoff.delayMillis({
    baseMillis: basePause,
    capMillis: maxPause,
    attempt: failures,
    random: (1 + Math.random()) / 2
  })

export const make = (
  { connection }: Pick<SignalWireClient, "connection">,
  { state: clientState }: Pick<ClientSource, "state">,
  signal: AbortSignal
): Retry => {
  /** Functions that end a current pause. */
  const pauses = new Set<() => void>()

  const pause = (reason: Reason, failures: number): Promise<void> =>
    new Promise((resolve) => {
      const retryAfter = RetryAfter.fromReason(reason)
      let before: ConnectionState | undefined
      let jitterTimer: ReturnType<typeof setTimeout> | undefined
      const end = () => {
        clearTimeout(timer)
        clearTimeout(jitterTimer)
        stopConnection()
        stopClientState()
        signal.removeEventListener("abort", end)
        pauses.delete(end)
        resolve()
      }
      const endSoon = () => {
        // never earlier than the server asked for
        if (retryAfter === 0) jitterTimer ??= setTimeout(end, maxJitter * Math.random())
      }
      const timer = setTimeout(end, retryAfter === 0 ? backoffMillis(failures) : retryAfter * (1 + Math.random() / 10))
      const stopConnection = connection.onChange((state) => {
        if (before !== undefined && isImprovement(before, state)) endSoon()
        before = state
      })
      const stopClientState = clientState.subscribe(endSoon)
      signal.addEventListener("abort", end)
      pauses.add(end)
    })

  return {
    run: async (operation, onWait) => {
      for (let failures = 0;; failures++) {
        try {
          return await operation()
        } catch (error) {
          if (signal.aborted) throw signal.reason
          if (!(error instanceof ConversationError && isRecoverable(error.reason))) throw error
          onWait?.(error.reason)
          await pause(error.reason, failures)
          if (signal.aborted) throw signal.reason
        }
      }
    },
    retryNow: () => {
      for (const end of pauses) end()
    }
  }
}
