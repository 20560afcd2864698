/**
 * The answer to joining a conversation.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Result from "effect/Result"
import * as Dialect from "./Dialect.ts"
import type { AddressId, ConversationId, GroupId } from "./Ids.ts"
import { decoder, id, list, maybe, struct } from "./internal/shape.ts"
import type { MalformedValue } from "./Malformed.ts"
import type * as Schemas from "./Wire.ts"

/** What the answer to joining a conversation is made of. */
export interface Fields {
  /** The conversation that was joined. */
  readonly conversationId: ConversationId
  /** The address that was joined. */
  readonly addressId: AddressId
  /** The address it was joined with. Group dialect only. */
  readonly fromAddressId: AddressId | null
  /** The group dialect's name of the conversation. */
  readonly groupId: GroupId | null
}

/** The answer to joining a conversation. */
export class JoinConversationResponse extends Data.Class<Fields> {}

/** Body of a join in the address dialect. */
export type AddressRequest = typeof Schemas.AddressJoin.Type

/** Body of a join in the group dialect: the target first, then the caller's own address. */
export type GroupRequest = typeof Schemas.GroupJoin.Type

/** The answer on the wire. */
export type Wire = typeof Schemas.JoinResponse.Type

const fields = {
  conversation_id: maybe(id<ConversationId>()),
  group_id: maybe(id<GroupId>()),
  from_fabric_address_id: maybe(id<AddressId>()),
  fabric_address_ids: maybe(list(id<AddressId>()))
}

const decodeWire = decoder(struct<Wire>({ ...fields, table: maybe(struct<NonNullable<Wire["table"]>>(fields)) }))

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
