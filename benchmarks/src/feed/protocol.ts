/** The messages between a benchmark and its server, and the events and pages of the server. */

/** Sent to the server. */
export type Command =
  /**
   * Creates events for the socket that was opened last. With `inHistory`, all events that were created so far are in the
   * history of all conversations from then on.
   */
  | { readonly type: "prepare"; readonly frames: number; readonly inHistory: boolean }
  /** Sends them as fast as the socket accepts them. */
  | { readonly type: "flood" }
  /** Sets the number of history pages, with 100 messages each, and the delay of their responses. */
  | { readonly type: "history"; readonly pages: number; readonly delayMillis: number }
  /** Serves a page at `/page` that runs this script, with a clock of microsecond resolution. */
  | { readonly type: "page"; readonly script: string }
  | { readonly type: "stop" }

/** Sent by the server. */
export type ServerReport =
  | { readonly type: "listening"; readonly port: number; readonly admin?: string }
  /** The events are created. */
  | { readonly type: "prepared" }
  /** All events of the last flood are acknowledged. */
  | { readonly type: "acknowledged" }

/** The address of the n-th conversation. */
export const addressOf = (n: number): string => `bbbbbbbb-0000-4000-8000-${n.toString(16).padStart(12, "0")}`

/** The conversation of all events. */
export const addressId = addressOf(0)

/** How many conversations there are. */
export const conversations = 100

const fields = (id: string, text: string) => ({
  id,
  conversation_id: addressId,
  address_id: addressId,
  user_id: "c0ffee00-0000-4000-8000-000000000001",
  from_address_id: "aaaaaaaa-0000-4000-8000-000000000001",
  type: "message",
  subtype: "chat",
  kind: null,
  text,
  details: {},
  metadata: { tone: "casual", n: 1 }
})

/** The prefix of all message ids. */
export const messageIdPrefix = "dddddddd-0000-4000-8000-"

/** The id of the n-th message. */
export const messageId = (n: number): string => messageIdPrefix + n.toString(16).padStart(12, "0")

const text = "The quick brown fox jumps over the lazy dog, and thinks nothing of it at all."
const placeholder = "@@"
const placeholderTime = 9.25
const epochSeconds = Math.floor(Date.now() / 1000)

/** The timestamp of the n-th event, Unix seconds: ten thousand per second, so that none is in the future. */
const pushedAt = (n: number): number => epochSeconds + n / 10_000

const event = JSON.stringify({
  jsonrpc: "2.0",
  id: placeholder,
  method: "signalwire.event",
  params: {
    event_type: "conversation.message",
    event_channel: "conversation.c0ffee00-0000-4000-8000-000000000001",
    timestamp: epochSeconds,
    project_id: "00000000-0000-4000-8000-000000000002",
    node_id: "node@feed",
    is_author: false,
    params: {
      ...fields(placeholder, text),
      ts: placeholderTime,
      hidden: false,
      conversation_name: "office-chat",
      user_name: "Ada Lovelace"
    }
  }
})
  .split(`"ts":${placeholderTime}`)
  .map((part) => part.split(placeholder))

/** The frame of the n-th event: about 790 bytes. */
export const eventText = (n: number): string => event.map((part) => part.join(messageId(n))).join(`"ts":${pushedAt(n)}`)

/** A page of events as messages: the n-th and those before it, newest first. */
export const pushedPage = (n: number): ReadonlyArray<object> =>
  Array.from({ length: Math.min(100, n + 1) }, (_, index) => ({
    ...fields(messageId(n - index), text),
    ts: pushedAt(n - index)
  }))

/** The messages of a history page, newest first. */
export const historyPage = (page: number): ReadonlyArray<object> =>
  Array.from({ length: 100 }, (_, index) => {
    const n = page * 100 + index
    return { ...fields(`eeeeeeee${messageId(n).slice(8)}`, text), ts: epochSeconds - n - 0.25 }
  })
