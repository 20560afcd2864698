/**
 * Requests to send a message, and the response.
 *
 * @since 0.1.0
 */
import * as Branded from "./Branded.ts"
import type { AddressId, ConversationId, GroupId } from "./Ids.ts"
import { decoder, id, nullish, string, struct } from "./internal/shape.ts"
import { isJsonObject, type JsonObject } from "./JsonObject.ts"
import type * as WireSchemas from "./WireSchemas.ts"

/** Request body of a send in the address dialect. */
export type AddressRequest = typeof WireSchemas.AddressSend.Type

/** Request body of a send in the group dialect. The sender has two keys, since older servers read another one. */
export type GroupRequest = typeof WireSchemas.GroupSend.Type

/** The wire format of the response. Neither dialect includes the id or the time of the message. */
export type Response = typeof WireSchemas.SendResponse.Type

const makeDecodeResponse = () => {
  const fields = {
    conversation_id: nullish(id<ConversationId>()),
    group_id: nullish(id<GroupId>()),
    from_fabric_address_id: nullish(id<AddressId>()),
    text: nullish(string)
  }
  return decoder(
    struct<Response>({ ...fields, table: nullish(struct<NonNullable<Response["table"]>>(fields)) })
  )
}

/** Decodes the response from the wire format of any dialect. */
export const decodeResponse =
  // pure, so that client bundles, which only need `conversationOf`, drop it
  /* @__PURE__ */ makeDecodeResponse()

const stringAt = (object: JsonObject, key: string): string | null => {
  const value = object[key]
  return typeof value === "string" ? value : null
}

/**
 * Returns the ids of the conversation that a message was sent to, as far as the response includes them. It never fails,
 * since the message is stored whatever the response contains: an id that is missing or not a string is `null`.
 */
export const conversationOf = (
  response: unknown
): { readonly conversationId: ConversationId | null; readonly groupId: GroupId | null } => {
  const body = isJsonObject(response) ? response : {}
  const ids = isJsonObject(body["table"]) ? body["table"] : body
  const group = stringAt(ids, "group_id")
  const conversation = stringAt(ids, "conversation_id") ?? group
  return {
    conversationId: conversation === null ? null : Branded.conversationId(conversation),
    groupId: group === null ? null : Branded.groupId(group)
  }
}
