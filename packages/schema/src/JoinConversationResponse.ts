/**
 * The answer to joining a conversation.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Dialect from "./Dialect.ts"
import { AddressId, ConversationId, GroupId } from "./Ids.ts"
import { maybe } from "./JsonObject.ts"
import { decoder, type MalformedValue } from "./Malformed.ts"

/** The answer to joining a conversation. */
export class JoinConversationResponse extends Schema.Class<JoinConversationResponse>(
  "@effect-signalwire/schema/JoinConversationResponse"
)({
  conversationId: ConversationId,
  /** The address that was joined. */
  addressId: AddressId,
  /** The address it was joined with. Group dialect only. */
  fromAddressId: Schema.NullOr(AddressId),
  /** The group dialect's name of the conversation. */
  groupId: Schema.NullOr(GroupId)
}) {}

/** Body of a join in the address dialect. */
export const AddressRequest = Schema.Struct({ conversation_id: AddressId })
export type AddressRequest = typeof AddressRequest.Type

/** Body of a join in the group dialect: the target first, then the caller's own address. */
export const GroupRequest = Schema.Struct({
  from_fabric_address_id: AddressId,
  fabric_address_ids: Schema.Array(AddressId)
})
export type GroupRequest = typeof GroupRequest.Type

const fields = {
  conversation_id: maybe(ConversationId),
  group_id: maybe(GroupId),
  from_fabric_address_id: maybe(AddressId),
  fabric_address_ids: maybe(Schema.Array(AddressId))
}

/** The answer on the wire; the address dialect wraps it in `table`, an artefact of the server's serialiser. */
export const Wire = Schema.Struct({ ...fields, table: maybe(Schema.Struct(fields)) })
export type Wire = typeof Wire.Type

const decodeWire = decoder(Wire)

/** Reads the answer to joining `addressId`, in whichever dialect it is written. */
export const decode = (
  input: unknown,
  addressId: AddressId
): Result.Result<JoinConversationResponse, MalformedValue> =>
  Result.flatMap(decodeWire(input), (wire) => {
    const groupId = wire.group_id ?? wire.table?.group_id ?? null
    const conversationId = wire.conversation_id ?? wire.table?.conversation_id ?? groupId
    return conversationId === null
      ? Result.fail({ path: "conversation_id", message: "Missing key, and no group_id either" })
      : Result.succeed(
        new JoinConversationResponse({
          conversationId,
          addressId,
          fromAddressId: wire.from_fabric_address_id ?? wire.table?.from_fabric_address_id ?? null,
          groupId
        })
      )
  })

/** Writes the answer in a dialect, or with the keys of both. */
export const encode = (response: JoinConversationResponse, form: Dialect.WireForm): Wire => {
  const { addressId, conversationId, fromAddressId, groupId } = response
  return {
    ...(Dialect.carries(form, "address") ? { table: { conversation_id: conversationId } } : undefined),
    ...(Dialect.carries(form, "group")
      ? {
        group_id: groupId,
        fabric_address_ids: fromAddressId === null ? [addressId] : [addressId, fromAddressId],
        from_fabric_address_id: fromAddressId
      }
      : undefined)
  }
}
