/**
 * Reading what can't be read now. What may heal is read again, after pauses that grow, until it succeeds: a pause ends early
 * when something says that it may work now.
 */
import {
  type ConnectionState,
  ConversationError,
  mayHeal,
  type Reason,
  type SignalWireClient
} from "@effect-signalwire/promise"
import * as RetryAfter from "@effect-signalwire/runtime/RetryAfter"
import type { Source } from "./source.ts"

export interface Retrying {
  /** Reads until that succeeds, fails for what does not heal, or the signal is aborted. `onWait` is called with each reason to wait. */
  readonly read: <A>(read: () => Promise<A>, onWait?: (reason: Reason) => void) => Promise<A>
  /** Ends the pauses: now is a good moment. */
  readonly nudge: () => void
}

/** The first pause, each later one being twice as long, and the longest. Milliseconds. */
const base = 1000
const cap = 30_000

/** How much later than a good moment it is read, by chance. Milliseconds. */
const spread = 250

/** What is in the way of reading, as far as the connection tells. */
type Obstacle = "nothing" | "token" | "network"

const obstacleIn = (state: ConnectionState): Obstacle => {
  if (state._tag === "Connected") return state.reason === null ? "nothing" : "network"
  return state._tag === "Reconnecting" && state.delayMillis === null ? "token" : "network"
}

/** Whether a change is a good moment: messages come through again, or there is another token. */
const isGood = (before: Obstacle, after: Obstacle): boolean =>
  before !== after && (before === "token" || after === "nothing")

/** What the server asks for between two tries, as far as it is honoured. Milliseconds. */
const askedMillis = (reason: Reason): number =>
  reason._tag === "RateLimited" ? RetryAfter.capped(reason.retryAfterMillis ?? 0) : 0

/** How long to wait after so many failures: by chance, so that not everybody reads in the same moment. Milliseconds. */
const ownMillis = (failures: number): number =>
  Math.min(cap, base * 2 ** Math.min(failures, 10)) * (1 + Math.random()) / 2

export const make = (
  { connection }: Pick<SignalWireClient, "connection">,
  { state: token }: Pick<Source, "state">,
  signal: AbortSignal
): Retrying => {
  const pauses = new Set<() => void>()

  const pause = (reason: Reason, failures: number): Promise<void> =>
    new Promise((resolve) => {
      const asked = askedMillis(reason)
      let obstacle: Obstacle | undefined
      let soon: ReturnType<typeof setTimeout> | undefined
      const end = () => {
        clearTimeout(timer)
        clearTimeout(soon)
        unwatch()
        forget()
        signal.removeEventListener("abort", end)
        pauses.delete(end)
        resolve()
      }
      const endSoon = () => {
        // a server that says when is not asked before
        if (asked === 0) soon ??= setTimeout(end, spread * Math.random())
      }
      const timer = setTimeout(end, asked === 0 ? ownMillis(failures) : asked * (1 + Math.random() / 10))
      const unwatch = connection.onChange((state) => {
        const before = obstacle
        obstacle = obstacleIn(state)
        if (before !== undefined && isGood(before, obstacle)) endSoon()
      })
      const forget = token.subscribe(endSoon)
      signal.addEventListener("abort", end, { once: true })
      pauses.add(end)
    })

  return {
    read: async (read, onWait) => {
      for (let failures = 0;; failures++) {
        try {
          return await read()
        } catch (error) {
          if (signal.aborted) throw signal.reason
          if (!(error instanceof ConversationError && mayHeal(error.reason))) throw error
          onWait?.(error.reason)
          await pause(error.reason, failures)
          if (signal.aborted) throw signal.reason
        }
      }
    },
    nudge: () => {
      for (const end of pauses) end()
    }
  }
}
