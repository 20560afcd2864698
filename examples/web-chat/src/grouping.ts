/** Groups messages by day and sender. */
import type { TimelineMessage } from "@effect-signalwire/react"
import { dayOf } from "./times.ts"

/** Consecutive messages of one sender. */
export interface Group {
  readonly key: string
  /** The day of the first message, if the previous group is from another day; otherwise `null`. */
  readonly day: string | null
  /** The address id of the sender, or `null` if the server does not send it. */
  readonly from: string | null
  readonly ts: number
  readonly messages: ReadonlyArray<TimelineMessage>
}

/** The longest pause between two messages of a group. Seconds. */
const maxPause = 300

/** Groups messages. Outgoing ones are from `me`, at the current time. */
export const group = (
  messages: ReadonlyArray<TimelineMessage>,
  me: string,
  now = Date.now() / 1000
): ReadonlyArray<Group> => {
  const groups: Array<Group & { readonly messages: Array<TimelineMessage> }> = []
  let day: string | null = null
  let last = 0
  for (const message of messages) {
    const ts = message.status === "stored" ? message.message.ts : now
    const from = message.status === "stored" ? message.message.from_address_id : me
    const current = groups.at(-1)
    const thisDay = dayOf(ts)
    if (current !== undefined && current.from === from && ts - last < maxPause && thisDay === day) {
      current.messages.push(message)
    } else {
      groups.push({ key: message.key, day: thisDay === day ? null : thisDay, from, ts, messages: [message] })
    }
    day = thisDay
    last = ts
  }
  return groups
}
