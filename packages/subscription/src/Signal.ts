/**
 * What a subscriber of the session hears, in the order in which it must act on it.
 *
 * @since 0.1.0
 */
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"

/**
 * Why events may be missing: a session became ready, the `session`-th of this client, and nobody listened before it; the
 * subscriber fell too far behind; or it asked for the mark itself, to look whether anything was never pushed.
 */
export type Discontinuity =
  | { readonly _tag: "Discontinuity"; readonly cause: "connected"; readonly session: number }
  | { readonly _tag: "Discontinuity"; readonly cause: "overflow" | "requested" }

/**
 * What a subscriber hears.
 *
 * - `Event`: a message as it happens.
 * - `Lapse`: events may be missing before this point; history has them. Everything after it is live again.
 * - `Malformed`: a frame, or an event in it, that could not be read; it may have been a message.
 */
export type Signal =
  | { readonly _tag: "Event"; readonly event: ConversationEvent }
  | Discontinuity
  | { readonly _tag: "Malformed"; readonly malformed: MalformedValue }

/** An event that was heard. */
export const event = (event: ConversationEvent): Signal => ({ _tag: "Event", event })
/** The lapse before the session of this number, the first being 1. */
export const connected = (session: number): Signal => ({ _tag: "Discontinuity", cause: "connected", session })
/** The lapse of a subscriber that fell too far behind. */
export const overflow: Signal = { _tag: "Discontinuity", cause: "overflow" }
/** The lapse that a subscriber asked for itself. */
export const requested: Signal = { _tag: "Discontinuity", cause: "requested" }
/** An event that could not be read. */
export const malformed = (malformed: MalformedValue): Signal => ({ _tag: "Malformed", malformed })
