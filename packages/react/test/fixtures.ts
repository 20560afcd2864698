/** What tests of modules without a server share. */
import type { Connection, ConnectionState, Conversation, Page, RunOptions } from "@effect-signalwire/promise"
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

/** A connection that stays up. */
export const connectedConnection = (): Connection => {
  const state: ConnectionState = { _tag: "Connected", resumed: false, catchingUp: false, reason: null }
  return {
    state,
    onChange: (callback) => {
      callback(state)
      return () => {}
    },
    ready: () => Promise.resolve()
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
