/**
 * Conversations: each is between a subscriber and an address.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import * as Branded from "./Branded.ts"
import type { AddressOf } from "./ConversationMessage.ts"
import * as Dialect from "./Dialect.ts"
import type { AddressId, ConversationId, GroupId } from "./Ids.ts"
import { decoder, id, nullish, object, string, struct } from "./internal/shape.ts"
import { time } from "./internal/time.ts"
import type { JsonObject } from "./JsonObject.ts"
import type { MalformedValue } from "./Malformed.ts"
import type * as WireSchemas from "./WireSchemas.ts"
import { dateTimeFromMillis, toEpochMillis } from "./WireTime.ts"

/** The fields of a {@link Conversation}. Fields that the server's dialect does not provide are `null`. */
export interface Fields {
  /** The id of the conversation: an address id in the address dialect, a group id in the group dialect. */
  readonly id: ConversationId
  /** The address of the other side: the id that every method takes as `addressId`. */
  readonly addressId: AddressId | null
  /** The id of the conversation's group. Group dialect only. */
  readonly groupId: GroupId | null
  /** The subscriber's own address in this conversation. Group dialect only. */
  readonly fromAddressId: AddressId | null
  /** The display name of the conversation. */
  readonly name: string
  /** The metadata of the conversation; an empty object if it has none. */
  readonly metadata: JsonObject
  /** When the conversation was created. */
  readonly createdAt: DateTime.Utc
  /** When the last message was stored; `createdAt` if there is none yet. */
  readonly lastMessageAt: DateTime.Utc
}

/** A conversation between a subscriber and an address. Its schema is `Schemas.Conversation`. */
export class Conversation extends Data.Class<Fields> {
  /** Returns this conversation with `lastMessageAt` advanced to `time`, unless it is already later. */
  withMessageAt(time: DateTime.Utc): Conversation {
    const { addressId, createdAt, fromAddressId, groupId, id, lastMessageAt, metadata, name } = this
    return new Conversation({
      id,
      addressId,
      groupId,
      fromAddressId,
      name,
      metadata,
      createdAt,
      lastMessageAt: DateTime.toEpochMillis(time) > DateTime.toEpochMillis(lastMessageAt) ? time : lastMessageAt
    })
  }
}

/** The wire format of a conversation, in any dialect. Times are whole unix milliseconds. */
export type Wire = typeof WireSchemas.Conversation.Type

const decodeWire = decoder(struct<Wire>({
  id: nullish(id()),
  address_id: nullish(id()),
  group_id: nullish(id()),
  from_address_id: nullish(id()),
  from_fabric_address_id: nullish(id()),
  name: nullish(string),
  metadata: nullish(object),
  created_at: time,
  last_message_at: nullish(time)
}))

/**
 * Decodes a conversation from the wire format of any dialect. `addressOf` returns the address of a group, which the
 * group dialect does not include.
 */
export const decode = (input: unknown, addressOf?: AddressOf): Result.Result<Conversation, MalformedValue> =>
  Result.flatMap(decodeWire(input), (wire) => {
    const id = wire.id ?? wire.group_id
    if (id === undefined || id === null) {
      return Result.fail({ path: "id", message: "Missing key, and group_id is missing too" })
    }
    const groupId = wire.group_id ?? null
    return Result.succeed(
      new Conversation({
        id,
        addressId: wire.address_id ?? (groupId === null ? Branded.addressId(id) : addressOf?.(groupId) ?? null),
        groupId,
        fromAddressId: wire.from_address_id ?? wire.from_fabric_address_id ?? null,
        name: wire.name ?? "",
        metadata: wire.metadata ?? {},
        createdAt: dateTimeFromMillis(toEpochMillis(wire.created_at)),
        lastMessageAt: dateTimeFromMillis(toEpochMillis(wire.last_message_at ?? wire.created_at))
      })
    )
  })

/** Encodes a conversation to the wire format of one dialect, or to that of all at once. */
export const encode = (conversation: Conversation, form: Dialect.WireForm): Wire => ({
  ...(Dialect.includes(form, "address")
    ? { id: conversation.id, address_id: conversation.addressId, from_address_id: conversation.fromAddressId }
    : undefined),
  ...(Dialect.includes(form, "group")
    ? {
      group_id: conversation.groupId,
      from_fabric_address_id: conversation.fromAddressId,
      // the vendor's released client for this dialect still reads the older key
      from_address_id: conversation.fromAddressId
    }
    : undefined),
  name: conversation.name,
  metadata: conversation.metadata,
  created_at: DateTime.toEpochMillis(conversation.createdAt),
  last_message_at: DateTime.toEpochMillis(conversation.lastMessageAt)
})
