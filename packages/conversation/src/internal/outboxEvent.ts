/** What an outbox keeps of a message, and the events about it. */
import type { ClientId } from "@effect-signalwire/schema/Ids"
import { JsonObject } from "@effect-signalwire/schema/WireSchemas"
import * as Data from "effect/Data"
import * as Schema from "effect/Schema"
import type { ConversationError } from "../ConversationError.ts"

/** A message in the queue. */
export const Entry = Schema.Struct({
  addressId: Schema.String,
  text: Schema.String,
  metadata: Schema.optionalKey(JsonObject),
  details: Schema.optionalKey(JsonObject),
  /** Unix seconds, by this machine's clock. */
  enqueuedAt: Schema.Finite,
  /** The time of the newest message that was known when this one was enqueued. Unix seconds, by the server's clock. */
  after: Schema.optionalKey(Schema.Finite)
})
export type Entry = typeof Entry.Type

/**
 * The outcome of a message.
 *
 * - `Sent`: the server has stored it.
 * - `Failed`: it was removed from the queue because it was rejected, or because it is not known whether it was stored
 *   and can't be found out. `error.stored` says which.
 */
export type OutboxEvent = Data.TaggedEnum<{
  Sent: { readonly clientId: ClientId; readonly entry: Entry }
  Failed: { readonly clientId: ClientId; readonly entry: Entry; readonly error: ConversationError }
}>

/** Constructors and matchers of events. */
export const OutboxEvent = Data.taggedEnum<OutboxEvent>()
