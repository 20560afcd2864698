/**
 * What `timeline` yields to plain TypeScript: the events of the Effect side with documented objects inside. Times are
 * unix seconds.
 *
 * @since 0.1.0
 */
import * as ConversationTimeline from "@effect-signalwire/conversation/TimelineEvent"
import { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import * as Documented from "@effect-signalwire/schema/Documented"
import * as DateTime from "effect/DateTime"

/**
 * What `timeline` yields.
 *
 * - `Message`: the next message by `(ts, id)`; `late` says that a later one was yielded already. A live one has the
 *   fields of an event. `clientId` is the one it was sent with by this SDK, as its `client_id`; `null` where it has
 *   none.
 * - `CaughtUp`: everything up to `through` has been yielded; `null` when there is nothing yet.
 * - `Gap`: messages between `from` and `to` may be missing and can't be had; `to` is `null` when it reaches until now.
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

/** Messages that may be missing and can't be had. */
export type Gap = Extract<TimelineEvent, { readonly _tag: "Gap" }>

const seconds = (time: DateTime.Utc): number => DateTime.toEpochMillis(time) / 1000

/** The gap of the Effect side, with unix seconds. */
export const fromGap = ({ from, reason, to }: ConversationTimeline.Gap): Gap => ({
  _tag: "Gap",
  from: seconds(from),
  to: to === null ? null : seconds(to),
  reason
})

/** The event of the Effect side, with documented objects and unix seconds. */
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
      through: through === null ? null : seconds(through)
    }),
    Gap: (gap): TimelineEvent => fromGap(gap)
  })
