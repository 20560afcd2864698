/**
 * The signals that a subscriber of the session receives, in order: events, and the points where events may be missing.
 *
 * @since 0.1.0
 */
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"

/**
 * A point before which events may be missing; history has them. The `cause` is one of:
 *
 * - `connected`: a session became ready, the `session`-th of this client, and events before it were not received.
 * - `overflow`: the subscriber's buffer was full, and signals were dropped.
 * - `requested`: the subscriber asked for it, to check history for events that were never pushed.
 */
export type Discontinuity =
  | { readonly _tag: "Discontinuity"; readonly cause: "connected"; readonly session: number }
  | { readonly _tag: "Discontinuity"; readonly cause: "overflow" | "requested" }

/**
 * A signal of the session.
 *
 * - `Event`: a conversation event, as it happens.
 * - `Discontinuity`: events may be missing before this point. Signals after it are live again.
 * - `Malformed`: a frame, or an event in it, that could not be decoded; it may have been a message.
 */
export type Signal =
  | { readonly _tag: "Event"; readonly event: ConversationEvent }
  | Discontinuity
  | { readonly _tag: "Malformed"; readonly malformed: MalformedValue }

/** Makes the signal of a conversation event. */
export const event = (event: ConversationEvent): Signal => ({ _tag: "Event", event })
/** Makes the discontinuity before the session with this number; the first session is 1. */
export const connected = (session: number): Signal => ({ _tag: "Discontinuity", cause: "connected", session })
/** The discontinuity of a subscriber whose buffer was full. */
export const overflow: Signal = { _tag: "Discontinuity", cause: "overflow" }
/** The discontinuity that a subscriber requested. */
export const requested: Signal = { _tag: "Discontinuity", cause: "requested" }
/** Makes the signal of a frame or an event that could not be decoded. */
export const malformed = (malformed: MalformedValue): Signal => ({ _tag: "Malformed", malformed })
