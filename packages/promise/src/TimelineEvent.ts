/**
 * The events that `client.conversation.timeline` yields: those of the Effect service, with documented snake_case
 * objects and with times in unix seconds.
 *
 * @since 0.1.0
 */
import * as ConversationTimeline from "@effect-signalwire/conversation/TimelineEvent"
import { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import * as Documented from "@effect-signalwire/schema/Documented"
import * as DateTime from "effect/DateTime"

/**
 * An event that `client.conversation.timeline` yields. Times are unix seconds.
 *
 * - `Message`: the next message in the order of `ts`, then `id`. `late` is true when a message that belongs after it
 *   was already yielded. `message` is a `ConversationEvent` if it arrived live. `clientId` is the `clientId` that it
 *   was sent with by this SDK, the same as its `client_id`, or `null`.
 * - `CaughtUp`: every message up to `through` has been yielded. `through` is `null` for an empty conversation.
 * - `Gap`: messages between `from` and `to` may be missing, and history no longer has them. `to` is `null` when the gap
 *   extends to the present.
 */
export type TimelineEvent =
  | {
    readonly _tag: "Message"
    readonly message: Documented.ConversationMessage | Documented.ConversationEvent
    readonly late: boolean
    readonly clientId: string | null
  }
  | { readonly _tag: "CaughtUp"; readonly through: number | null }
  | {
    readonly _tag: "Gap"
    readonly from: number
    readonly to: number | null
    readonly reason: ConversationTimeline.GapReason
  }

/** A period in which messages may be missing that history no longer has. */
export type Gap = Extract<TimelineEvent, { readonly _tag: "Gap" }>

const unixSeconds = (time: DateTime.Utc): number => DateTime.toEpochMillis(time) / 1000

/** Converts a gap of the Effect service. */
export const fromGap = ({ from, reason, to }: ConversationTimeline.Gap): Gap => ({
  _tag: "Gap",
  from: unixSeconds(from),
  to: to === null ? null : unixSeconds(to),
  reason
})

/** Converts an event of the Effect service. */
export const fromEvent = (event: ConversationTimeline.TimelineEvent): TimelineEvent =>
  ConversationTimeline.TimelineEvent.$match(event, {
    Message: ({ late, message }): TimelineEvent => ({
      _tag: "Message",
      late,
      clientId: message.clientId,
      message: message instanceof ConversationEvent ? Documented.event(message) : Documented.message(message)
    }),
    CaughtUp: ({ through }): TimelineEvent => ({
      _tag: "CaughtUp",
      through: through === null ? null : unixSeconds(through)
    }),
    Gap: (gap): TimelineEvent => fromGap(gap)
  })
