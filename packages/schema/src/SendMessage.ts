/**
 * The body of a send and the server's answer to it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { AddressId, ConversationId, GroupId } from "./Ids.ts"
import { JsonObject, maybe } from "./JsonObject.ts"
import { decoder } from "./Malformed.ts"

const content = {
  text: Schema.String,
  metadata: Schema.optionalKey(JsonObject),
  details: Schema.optionalKey(JsonObject)
}

/** Body of a send in the address dialect. */
export const AddressRequest = Schema.Struct({ conversation_id: AddressId, ...content })
export type AddressRequest = typeof AddressRequest.Type

/** Body of a send in the group dialect; the sender goes under both of its names, for servers of either age. */
export const GroupRequest = Schema.Struct({
  group_id: GroupId,
  from_address_id: AddressId,
  from_fabric_address_id: AddressId,
  ...content
})
export type GroupRequest = typeof GroupRequest.Type

const fields = {
  conversation_id: maybe(ConversationId),
  group_id: maybe(GroupId),
  from_fabric_address_id: maybe(AddressId),
  text: maybe(Schema.String)
}

/**
 * The answer on the wire. Neither dialect tells the message's id or time; the address dialect wraps its answer in
 * `table`, an artefact of the server's serialiser.
 */
export const Response = Schema.Struct({ ...fields, table: maybe(Schema.Struct(fields)) })
export type Response = typeof Response.Type

/** Reads the answer in whichever dialect it is written. */
export const decodeResponse = decoder(Response)
