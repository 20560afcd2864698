/** The messages that are held in memory: in order, each once, and no more than so many. */
import type { SendMessageOptions, TimelineEvent } from "@effect-signalwire/promise"

/** A message as a timeline yields it: from history, or as it happened. */
export type Message = Extract<TimelineEvent, { readonly _tag: "Message" }>["message"]

/** A message that the server has. */
export interface StoredMessage {
  /** Tells it from one that is on its way. */
  readonly status: "stored"
  /** For React's `key`: the same from when it was being sent to when it was stored. */
  readonly key: string
  /** What it says; `null` where there is none, as in an entry of a call log. */
  readonly text: string | null
  /** The message's metadata. */
  readonly metadata: SendMessageOptions["metadata"]
  /** The message's details. */
  readonly details: SendMessageOptions["details"]
  /** The message as documented. */
  readonly message: Message
}

const toStored = (key: string, message: Message): StoredMessage => ({
  status: "stored",
  key,
  text: message.text,
  metadata: message.metadata,
  details: message.details,
  message
})

/** By time, and among those of one time by id: as timelines are. */
const compare = (a: Message, b: Message): number => a.ts - b.ts || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

export interface Window {
  readonly entries: () => ReadonlyArray<StoredMessage>
  readonly oldest: () => Message | undefined
  readonly has: (id: string) => boolean
  /** Whether there are messages before; not known counts as yes. */
  readonly hasOlder: () => boolean
  /** Whether messages after were let go of, to make room for older ones. */
  readonly hasNewer: () => boolean
  /** Takes in the next message; lets go of the oldest. */
  readonly admit: (message: Message, key: string) => void
  /** Takes in what stands before; lets go of the newest. `hasMore` says whether there is more before that. */
  readonly admitOlder: (messages: ReadonlyArray<Message>, hasMore: boolean) => void
  /** Notes that there is nothing before. */
  readonly isWhole: () => void
}

const isBefore = (entry: StoredMessage | undefined, message: Message): boolean =>
  entry !== undefined && compare(entry.message, message) < 0

export const make = (capacity: number): Window => {
  const entries: Array<StoredMessage> = []
  const ids = new Set<string>()
  let hasOlder = true
  let hasNewer = false

  const forget = (dropped: ReadonlyArray<StoredMessage>) => {
    for (const { message } of dropped) ids.delete(message.id)
  }

  return {
    entries: () => entries,
    oldest: () => entries[0]?.message,
    has: (id) => ids.has(id),
    hasOlder: () => hasOlder,
    hasNewer: () => hasNewer,
    admit: (message, key) => {
      if (hasNewer || ids.has(message.id)) return
      // nearly always it is the newest; one that was late goes where it belongs
      let index = entries.length
      while (index > 0 && !isBefore(entries[index - 1], message)) index--
      // before the oldest there may be others that are not read yet: it comes together with them
      if (index === 0 && hasOlder && entries.length > 0) return
      entries.splice(index, 0, toStored(key, message))
      ids.add(message.id)
      if (entries.length <= capacity) return
      forget(entries.splice(0, entries.length - capacity))
      hasOlder = true
    },
    admitOlder: (messages, hasMore) => {
      for (const message of messages) {
        if (ids.has(message.id)) continue
        ids.add(message.id)
        entries.push(toStored(message.id, message))
      }
      entries.sort((a, b) => compare(a.message, b.message))
      hasOlder = hasMore
      if (entries.length <= capacity) return
      forget(entries.splice(capacity))
      hasNewer = true
    },
    isWhole: () => {
      hasOlder = false
    }
  }
}
