/**
 * The state of the connection to the server.
 *
 * @since 0.1.0
 */
import type { Reason } from "@effect-signalwire/schema/Reason"
import * as Data from "effect/Data"

/**
 * The state of the connection. Every state has a `reason`: why messages do not arrive as they happen, or `null`.
 *
 * - `Idle`: there is no session, since nothing needs one.
 * - `Connecting`: the first dial is in progress.
 * - `Connected`: a session is ready; `resumed` is `true` if the server resumed the session before it. While
 *   `catchingUp` is `true`, history is read for what was missed, and nothing newer is delivered before that; `reason`
 *   is why the last read failed, if it did. A subscription or timeline that has begun and cannot read the history that
 *   it begins with is catching up too.
 * - `Reconnecting`: there is no session because of `reason`, or the server may be gone. `attempt` counts the dials that
 *   failed, or led to sessions that did not last, since the last session that lasted. The next dial begins within
 *   `delayMillis` milliseconds of this state: 0 while the client dials or refreshes the token. `null` if no dial is
 *   scheduled: the token was rejected for good and the client waits for another one, or the schedule in the option
 *   `backoff` takes time to return a delay, or has returned an infinite one.
 * - `Failed`: the client stopped dialling because of `reason`, which does not recover by itself, or after the schedule
 *   in the option `backoff` has ended. The next subscriber makes it dial again.
 * - `Closed`: the client was closed.
 *
 * `polling` is `true` after 5 seconds without a session: history is then read at intervals, and messages arrive late. A
 * `Subscription` by itself has no history: its `catchingUp` and `polling` are always `false`.
 */
export type ConnectionState = Data.TaggedEnum<{
  Idle: { readonly reason: null }
  Connecting: { readonly polling: boolean; readonly reason: null }
  Connected: { readonly resumed: boolean; readonly catchingUp: boolean; readonly reason: Reason | null }
  Reconnecting: {
    readonly attempt: number
    readonly delayMillis: number | null
    readonly polling: boolean
    readonly reason: Reason
  }
  Failed: { readonly reason: Reason }
  Closed: { readonly reason: null }
}>

/** Constructors and matchers of the states. */
export const ConnectionState = Data.taggedEnum<ConnectionState>()

/** The state while nothing needs a session. */
export const idle: ConnectionState = { _tag: "Idle", reason: null }

/** The state of a client that was closed. */
export const closed: ConnectionState = { _tag: "Closed", reason: null }
