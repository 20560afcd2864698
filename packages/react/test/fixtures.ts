/** What tests of modules without a server share. */
import type { Conversation } from "@effect-signalwire/promise"
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

/** Resolves after all microtasks. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
