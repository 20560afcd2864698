/**
 * The events of a timeline: messages, and how complete they are.
 *
 * @since 0.1.0
 */
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Data from "effect/Data"
import type * as DateTime from "effect/DateTime"

/** Why history could not close a gap: it does not reach back far enough. */
export type GapReason = "history-too-short"

/**
 * An event of a timeline.
 *
 * - `Message`: the next message in the order of `(ts, id)`. `late` is `true` when a message that follows it was yielded
 *   before.
 * - `CaughtUp`: everything up to the time `through` was yielded; `null` when there are no messages yet.
 * - `Gap`: messages between `from` and `to` may be missing, and can't be recovered. `to` is `null` when the gap reaches
 *   to the present.
 */
export type TimelineEvent<M = ConversationMessage> = Data.TaggedEnum<{
  Message: { readonly message: M; readonly late: boolean }
  CaughtUp: { readonly through: DateTime.Utc | null }
  Gap: { readonly from: DateTime.Utc; readonly to: DateTime.Utc | null; readonly reason: GapReason }
}>

/** A period of which messages may be missing that can't be recovered. */
export type Gap = Extract<TimelineEvent, { readonly _tag: "Gap" }>

interface TimelineEventDefinition extends Data.TaggedEnum.WithGenerics<1> {
  readonly taggedEnum: TimelineEvent<this["A"]>
}

/** Constructors and matchers of events. */
export const TimelineEvent = Data.taggedEnum<TimelineEventDefinition>()
