/** What tests of modules without a server share. */
import {
  type Connection,
  type ConnectionState,
  type Conversation,
  type Page,
  type RunOptions,
  SignalWire,
  type SignalWireClient
} from "@effect-signalwire/promise"
import type { Message } from "../src/internal/messageWindow.ts"

/** A message of a timeline. */
export const message = (ts: number, id = `m${ts}`, fields: Partial<Message> = {}): Message => ({
  id,
  ts,
  conversation_id: "conversation",
  user_id: null,
  address_id: null,
  from_address_id: null,
  type: "message",
  subtype: "chat",
  kind: null,
  text: id,
  metadata: {},
  details: {},
  client_id: null,
  ...fields
})

/** A conversation of the list, which was active last at a time. */
export const conversation = (id: string, last_message_at = 0): Conversation => ({
  id,
  address_id: id,
  name: id,
  metadata: {},
  created_at: 0,
  last_message_at
})

export const connected = {
  _tag: "Connected",
  resumed: false,
  catchingUp: false,
  reason: null
} as const satisfies ConnectionState

/** A connection that stays up. */
export const connectedConnection = (): Connection => ({
  state: connected,
  onChange: (callback) => {
    callback(connected)
    return () => {}
  },
  ready: () => Promise.resolve()
})

/**
 * A client whose state of the connection is always the same, and the numbers of its callbacks, timelines and
 * subscriptions. It never connects.
 */
export const makeClient = async (state: ConnectionState) => {
  const client = await SignalWire({ token: "token", host: "example.invalid", fetch: () => new Promise(() => {}) })
  let callbacks = 0
  const onChange: SignalWireClient["connection"]["onChange"] = (callback) => {
    callbacks++
    callback(state)
    return () => void callbacks--
  }
  const timelines: Array<AbortSignal | undefined> = []
  const timeline: SignalWireClient["conversation"]["timeline"] = (options) => {
    timelines.push(options.signal)
    return client.conversation.timeline(options)
  }
  let subscriptions = 0
  const subscribe: SignalWireClient["conversation"]["subscribe"] = (onMessage, options) => {
    subscriptions++
    return client.conversation.subscribe(onMessage, options)
  }
  return {
    client: {
      ...client,
      connection: { ...client.connection, onChange },
      conversation: { ...client.conversation, subscribe, timeline }
    },
    callbacks: () => callbacks,
    timelines: () => timelines.length,
    openTimelines: () => timelines.filter((signal) => signal?.aborted === false).length,
    subscriptions: () => subscriptions,
    [Symbol.asyncDispose]: client.disconnect
  }
}

/** A page whose next one is read by a function; without it, the page is the last one. */
export const pageOf = <A>(
  data: ReadonlyArray<A>,
  readNext?: (options?: RunOptions) => Promise<Page<A> | undefined>
): Page<A> => {
  const page: Page<A> = {
    data,
    hasNext: readNext !== undefined,
    hasPrev: false,
    malformed: [],
    nextPage: async (options) => readNext?.(options),
    prevPage: () => Promise.resolve(undefined),
    firstPage: () => Promise.resolve(page),
    self: () => Promise.resolve(page),
    async *[Symbol.asyncIterator]() {
      yield* data
    }
  }
  return page
}

/** Resolves after all microtasks. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
