/** Messages as they are read: by day, and those of one person together. */
import type { TimelineMessage } from "@effect-signalwire/react"

/** Messages that somebody wrote one after the other. */
export interface Group {
  readonly key: string
  /** The first one's day, where that is another than the day before. */
  readonly day: string | null
  /** Whose they are; `null` where the server does not tell. */
  readonly from: string | null
  readonly ts: number
  readonly messages: ReadonlyArray<TimelineMessage>
}

/** How long somebody may be silent in between. Seconds. */
const pause = 300

const dayOf = (ts: number): string =>
  new Date(ts * 1000).toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "long" })

/** Groups messages; what is on its way is by `me`, now. */
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
    if (current !== undefined && current.from === from && ts - last < pause && thisDay === day) {
      current.messages.push(message)
    } else {
      groups.push({ key: message.key, day: thisDay === day ? null : thisDay, from, ts, messages: [message] })
    }
    day = thisDay
    last = ts
  }
  return groups
}
