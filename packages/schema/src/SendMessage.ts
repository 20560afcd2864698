/**
 * The body of a send and the server's answer to it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { AddressId, ConversationId, GroupId } from "./Ids.ts"
import { isJsonObject, isMaybeText, JsonObject, maybe } from "./JsonObject.ts"
import { quickDecoder } from "./Malformed.ts"

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

const hasFields = (input: unknown): input is Omit<Response, "table"> =>
  isJsonObject(input) &&
  isMaybeText(input["conversation_id"]) &&
  isMaybeText(input["group_id"]) &&
  isMaybeText(input["from_fabric_address_id"]) &&
  isMaybeText(input["text"])

/** Whether it is surely an answer on the wire; see `quickDecoder`. */
export const isResponse = (input: unknown): input is Response =>
  hasFields(input) && (!("table" in input) || input.table === null || hasFields(input.table))

/** Reads the answer in whichever dialect it is written. */
export const decodeResponse = quickDecoder(Response, isResponse)
