/**
 * How the session with the server stands: a value that can be read and watched.
 *
 * @since 0.1.0
 */
import type { Reason } from "@effect-signalwire/schema/Reason"
import * as Data from "effect/Data"

/**
 * How the session stands.
 *
 * - `Idle`: nobody subscribes, so there is no session.
 * - `Connecting`: the first dial is under way.
 * - `Connected`: authenticated; `resumed` says whether the server went on with the earlier session.
 * - `Reconnecting`: it ended because of `reason`; the `attempt`-th try begins within `delayMillis`.
 * - `Failed`: it ended because of `reason`, which does not heal by itself. The next subscriber tries afresh.
 * - `Closed`: the client was closed.
 */
export type ConnectionState = Data.TaggedEnum<{
  Idle: {}
  Connecting: {}
  Connected: { readonly resumed: boolean }
  Reconnecting: { readonly attempt: number; readonly delayMillis: number; readonly reason: Reason }
  Failed: { readonly reason: Reason }
  Closed: {}
}>

/** Constructors and matchers. */
export const ConnectionState = Data.taggedEnum<ConnectionState>()
