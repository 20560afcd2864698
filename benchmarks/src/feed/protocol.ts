/** What a benchmark and the server that feeds it say to each other. */

/** Told to the server. */
export type Command =
  /**
   * Makes so many events for the socket that was opened last; with `kept` they are in the history of all conversations
   * from then on, with all that were made before.
   */
  | { readonly type: "prepare"; readonly frames: number; readonly kept: boolean }
  /** Pushes them as fast as the socket takes them. */
  | { readonly type: "flood" }
  /** How history looks from now on: how many pages of 100 it has, and how long an answer takes. */
  | { readonly type: "history"; readonly pages: number; readonly delayMillis: number }
  /** Answers `/page` with a page that runs this script, and whose clock counts microseconds. */
  | { readonly type: "page"; readonly script: string }
  | { readonly type: "stop" }

/** Told by the server. */
export type Told =
  | { readonly type: "listening"; readonly port: number; readonly admin?: string }
  /** There is something to flood with. */
  | { readonly type: "prepared" }
  /** Everything of the last flood was acknowledged. */
  | { readonly type: "acknowledged" }

/** The other side of the n-th conversation. */
export const addressOf = (n: number): string => `bbbbbbbb-0000-4000-8000-${n.toString(16).padStart(12, "0")}`

/** The conversation that everything is said in. */
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

/** What the ids of all of them begin with. */
export const messageIdPrefix = "dddddddd-0000-4000-8000-"

/** The id of the n-th message. */
export const messageId = (n: number): string => messageIdPrefix + n.toString(16).padStart(12, "0")

const text = "The quick brown fox jumps over the lazy dog, and thinks nothing of it at all."
const placeholder = "@@"
const placeholderTime = 9.25
const epochSeconds = Math.floor(Date.now() / 1000)

/** When the n-th message that is pushed was said, unix seconds: ten thousand a second, so that none is from the future. */
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

/** The text of the event that tells of the n-th message: about 790 bytes. */
export const eventText = (n: number): string => event.map((part) => part.join(messageId(n))).join(`"ts":${pushedAt(n)}`)

/** A page of what was pushed, the n-th message and those before it, newest first, as the wire has them. */
export const pushedPage = (n: number): ReadonlyArray<object> =>
  Array.from({ length: Math.min(100, n + 1) }, (_, index) => ({
    ...fields(messageId(n - index), text),
    ts: pushedAt(n - index)
  }))

/** The messages of a page of history, newest first, as the wire has them. */
export const historyPage = (page: number): ReadonlyArray<object> =>
  Array.from({ length: 100 }, (_, index) => {
    const n = page * 100 + index
    return { ...fields(`eeeeeeee${messageId(n).slice(8)}`, text), ts: epochSeconds - n - 0.25 }
  })
