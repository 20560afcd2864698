/**
 * What a timeline yields: messages, and how complete they are.
 *
 * @since 0.1.0
 */
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Data from "effect/Data"
import type * as DateTime from "effect/DateTime"

/** Why history could not close a gap: it does not reach back that far. */
export type GapReason = "history-too-short"

/**
 * What a timeline yields.
 *
 * - `Message`: the next message by `(ts, id)`; `late` says that one after it was yielded already.
 * - `CaughtUp`: everything up to `through` has been yielded; `null` when there is nothing yet.
 * - `Gap`: messages between `from` and `to` may be missing and can't be had; `to` is `null` when it reaches until now.
 */
export type TimelineEvent<M = ConversationMessage> = Data.TaggedEnum<{
  Message: { readonly message: M; readonly late: boolean }
  CaughtUp: { readonly through: DateTime.Utc | null }
  Gap: { readonly from: DateTime.Utc; readonly to: DateTime.Utc | null; readonly reason: GapReason }
}>

/** Messages that may be missing and can't be had. */
export type Gap = Extract<TimelineEvent, { readonly _tag: "Gap" }>

interface TimelineEventDefinition extends Data.TaggedEnum.WithGenerics<1> {
  readonly taggedEnum: TimelineEvent<this["A"]>
}

/** Constructors and matchers. */
export const TimelineEvent = Data.taggedEnum<TimelineEventDefinition>()
