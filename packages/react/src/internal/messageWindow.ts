/** The messages of a timeline that are held in memory: sorted, without duplicates, and limited in number. */
import type { SendMessageOptions, TimelineEvent } from "@effect-signalwire/promise"

/** A message as a timeline yields it, from history or live. */
export type Message = Extract<TimelineEvent, { readonly _tag: "Message" }>["message"]

/** A message that the server has stored. */
export interface StoredMessage {
  /** Distinguishes it from outgoing messages, whose status is `sending`, `sent` or `failed`. */
  readonly status: "stored"
  /** The `key` for React. A message keeps its key when it changes from outgoing to stored. */
  readonly key: string
  /** The text of the message, or `null` if it has none, as for the entry of a call log. */
  readonly text: string | null
  /** The metadata of the message. */
  readonly metadata: SendMessageOptions["metadata"]
  /** The details of the message. */
  readonly details: SendMessageOptions["details"]
  /** The message object as SignalWire documents it. */
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

/** The order of timelines: by time, then by id, which differs. */
const compare = (a: Message, b: Message): number => a.ts - b.ts || (a.id < b.id ? -1 : 1)

export interface MessageWindow {
  /** The messages, oldest first. */
  readonly entries: () => ReadonlyArray<StoredMessage>
  readonly oldest: () => Message | undefined
  readonly has: (id: string) => boolean
  /** Whether there may be messages before the first one. */
  readonly hasOlder: () => boolean
  /** Whether messages after the last one were dropped to make room for older ones. */
  readonly hasNewer: () => boolean
  /** Adds a message that the timeline yielded, and drops the oldest if there are too many. */
  readonly add: (message: Message, key: string) => void
  /**
   * Adds messages from history, and drops the newest if there are too many. `hasMore`: whether history has older ones.
   */
  readonly addOlder: (messages: ReadonlyArray<Message>, hasMore: boolean) => void
  /** Records that history has no messages before the first one. */
  readonly markComplete: () => void
}

const isBefore = (entry: StoredMessage | undefined, message: Message): boolean =>
  entry !== undefined && compare(entry.message, message) < 0

export const make = (capacity: number): MessageWindow => {
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
    add: (message, key) => {
      if (hasNewer || ids.has(message.id)) return
      // search from the end, because nearly always the message is the newest
      let index = entries.length
      while (index > 0 && !isBefore(entries[index - 1], message)) index--
      // between a late message and the first entry there may be messages that are not loaded yet; it is loaded with
      // them
      if (index === 0 && hasOlder && entries.length > 0) return
      entries.splice(index, 0, toStored(key, message))
      ids.add(message.id)
      if (entries.length <= capacity) return
      forget(entries.splice(0, entries.length - capacity))
      hasOlder = true
    },
    addOlder: (messages, hasMore) => {
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
    markComplete: () => {
      hasOlder = false
    }
  }
}
