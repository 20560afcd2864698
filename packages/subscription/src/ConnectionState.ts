/**
 * How the session with the server stands: a value that can be read and watched.
 *
 * @since 0.1.0
 */
import type { Reason } from "@effect-signalwire/schema/Reason"
import * as Data from "effect/Data"

/**
 * How the session stands. Every state has a `reason`: why messages do not arrive as they happen, or `null`.
 *
 * - `Idle`: nobody subscribes, so there is no session.
 * - `Connecting`: the first dial is under way.
 * - `Connected`: authenticated; `resumed` says whether the server went on with the earlier session. While `catchingUp`,
 *   history is read for what was missed, and nothing newer is handed on before that; `reason` says why the last try to
 *   read it failed. What begins, and can't read the history that it begins with, counts as catching up too.
 * - `Reconnecting`: there is no session because of `reason`; the `attempt`-th try begins within `delayMillis`. Where that is
 *   `null`, the token was refused for good, and the client waits for another one.
 * - `Failed`: there is none because of `reason`, which does not heal by itself. The next subscriber tries afresh.
 * - `Closed`: the client was closed.
 *
 * `polling` says that there has been no session for so long that history is read at intervals: messages arrive late.
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

/** Constructors and matchers. */
export const ConnectionState = Data.taggedEnum<ConnectionState>()

/** Nobody subscribes. */
export const idle: ConnectionState = { _tag: "Idle", reason: null }

/** The client was closed. */
export const closed: ConnectionState = { _tag: "Closed", reason: null }
