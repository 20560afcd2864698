/**
 * The body of a send and the server's answer to it.
 *
 * @since 0.1.0
 */
import * as Branded from "./Branded.ts"
import type { AddressId, ConversationId, GroupId } from "./Ids.ts"
import { decoder, id, maybe, struct, text } from "./internal/shape.ts"
import { isJsonObject, type JsonObject } from "./JsonObject.ts"
import type * as Schemas from "./Wire.ts"

/** Body of a send in the address dialect. */
export type AddressRequest = typeof Schemas.AddressSend.Type

/** Body of a send in the group dialect; the sender goes under both of its names, for servers of either age. */
export type GroupRequest = typeof Schemas.GroupSend.Type

/** The answer on the wire. Neither dialect tells the message's id or time. */
export type Response = typeof Schemas.SendResponse.Type

const makeDecodeResponse = () => {
  const fields = {
    conversation_id: maybe(id<ConversationId>()),
    group_id: maybe(id<GroupId>()),
    from_fabric_address_id: maybe(id<AddressId>()),
    text: maybe(text)
  }
  return decoder(
    struct<Response>({ ...fields, table: maybe(struct<NonNullable<Response["table"]>>(fields)) })
  )
}

/** Reads the answer in whichever dialect it is written. */
export const decodeResponse =
  // pure, so that the bundle of a client, which reads less of it, goes without
  /* @__PURE__ */ makeDecodeResponse()

const textIn = (object: JsonObject, key: string): string | null => {
  const value = object[key]
  return typeof value === "string" ? value : null
}

/**
 * Where a message went, as far as an answer tells: the message is stored whatever it says, so what is not there, or is
 * no text, is `null` and no reason to refuse it.
 */
export const whereTo = (
  answer: unknown
): { readonly conversationId: ConversationId | null; readonly groupId: GroupId | null } => {
  const body = isJsonObject(answer) ? answer : {}
  const told = isJsonObject(body["table"]) ? body["table"] : body
  const group = textIn(told, "group_id")
  const conversation = textIn(told, "conversation_id") ?? group
  return {
    conversationId: conversation === null ? null : Branded.conversationId(conversation),
    groupId: group === null ? null : Branded.groupId(group)
  }
}
