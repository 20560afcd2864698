/**
 * Requests to join a conversation, and the response.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Result from "effect/Result"
import * as Dialect from "./Dialect.ts"
import type { AddressId, ConversationId, GroupId } from "./Ids.ts"
import { array, decoder, id, nullish, struct } from "./internal/shape.ts"
import type { MalformedValue } from "./Malformed.ts"
import type * as WireSchemas from "./WireSchemas.ts"

/** The fields of a {@link JoinConversationResponse}. Fields that the server's dialect does not provide are `null`. */
export interface Fields {
  /** The conversation that was joined. */
  readonly conversationId: ConversationId
  /** The address that was joined. */
  readonly addressId: AddressId
  /** The joining subscriber's own address. Group dialect only. */
  readonly fromAddressId: AddressId | null
  /** The id of the conversation's group. Group dialect only. */
  readonly groupId: GroupId | null
}

/** The response to joining a conversation. */
export class JoinConversationResponse extends Data.Class<Fields> {}

/** Request body of a join in the address dialect. */
export type AddressRequest = typeof WireSchemas.AddressJoin.Type

/** Request body of a join in the group dialect: the address to join first, then the caller's own. */
export type GroupRequest = typeof WireSchemas.GroupJoin.Type

/** The wire format of the response, in any dialect. */
export type Wire = typeof WireSchemas.JoinResponse.Type

const fields = {
  conversation_id: nullish(id<ConversationId>()),
  group_id: nullish(id<GroupId>()),
  from_fabric_address_id: nullish(id<AddressId>()),
  fabric_address_ids: nullish(array(id<AddressId>()))
}

const decodeWire = decoder(struct<Wire>({ ...fields, table: nullish(struct<NonNullable<Wire["table"]>>(fields)) }))

/** Decodes the response to joining `addressId` from the wire format of any dialect. */
export const decode = (
  input: unknown,
  addressId: AddressId
): Result.Result<JoinConversationResponse, MalformedValue> =>
  Result.flatMap(decodeWire(input), (wire) => {
    const groupId = wire.group_id ?? wire.table?.group_id ?? null
    const conversationId = wire.conversation_id ?? wire.table?.conversation_id ?? groupId
    return conversationId === null
      ? Result.fail({ path: "conversation_id", message: "Missing key, and group_id is missing too" })
      : Result.succeed(
        new JoinConversationResponse({
          conversationId,
          addressId,
          fromAddressId: wire.from_fabric_address_id ?? wire.table?.from_fabric_address_id ?? null,
          groupId
        })
      )
  })

/** Encodes the response to the wire format of one dialect, or to that of all at once. */
export const encode = (response: JoinConversationResponse, form: Dialect.WireForm): Wire => {
  const { addressId, conversationId, fromAddressId, groupId } = response
  return {
    ...(Dialect.includes(form, "address") ? { table: { conversation_id: conversationId } } : undefined),
    ...(Dialect.includes(form, "group")
      ? {
        group_id: groupId,
        fabric_address_ids: fromAddressId === null ? [addressId] : [addressId, fromAddressId],
        from_fabric_address_id: fromAddressId
      }
      : undefined)
  }
}
