/**
 * A conversation: the pair of a subscriber and an address.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { AddressOf } from "./ConversationMessage.ts"
import * as Dialect from "./Dialect.ts"
import { AddressId, ConversationId, GroupId } from "./Ids.ts"
import { JsonObject, maybe } from "./JsonObject.ts"
import { decoder, type MalformedValue } from "./Malformed.ts"
import { toEpochMillis, WireTime } from "./WireTime.ts"

/** A conversation. Whatever a dialect does not tell is `null`. */
export class Conversation extends Schema.Class<Conversation>("@effect-signalwire/schema/Conversation")({
  id: ConversationId,
  /** The other side: what `addressId` means in every method. */
  addressId: Schema.NullOr(AddressId),
  /** The group dialect's name of the conversation. */
  groupId: Schema.NullOr(GroupId),
  /** The subscriber's own address in this conversation. Group dialect only. */
  fromAddressId: Schema.NullOr(AddressId),
  name: Schema.String,
  metadata: JsonObject,
  createdAt: Schema.DateTimeUtc,
  /** When the last message was stored; `createdAt` while there is none. */
  lastMessageAt: Schema.DateTimeUtc
}) {
  /** The same conversation after a message was stored at `time`. */
  writtenAt(time: DateTime.Utc): Conversation {
    const { addressId, createdAt, fromAddressId, groupId, id, lastMessageAt, metadata, name } = this
    return new Conversation({
      id,
      addressId,
      groupId,
      fromAddressId,
      name,
      metadata,
      createdAt,
      lastMessageAt: DateTime.max(lastMessageAt, time)
    })
  }
}

/** A conversation on the wire, in any dialect. Times are integer milliseconds. */
export const Wire = Schema.Struct({
  id: maybe(ConversationId),
  address_id: maybe(AddressId),
  group_id: maybe(GroupId),
  from_address_id: maybe(AddressId),
  from_fabric_address_id: maybe(AddressId),
  name: maybe(Schema.String),
  metadata: maybe(JsonObject),
  created_at: WireTime,
  last_message_at: maybe(WireTime)
})
export type Wire = typeof Wire.Type

const decodeWire = decoder(Wire)

/** Reads a conversation in whichever dialect it is written. */
export const decode = (input: unknown, addressOf?: AddressOf): Result.Result<Conversation, MalformedValue> =>
  Result.flatMap(decodeWire(input), (wire) => {
    const id = wire.id ?? wire.group_id
    if (id === undefined || id === null) {
      return Result.fail({ path: "id", message: "Missing key, and no group_id either" })
    }
    const groupId = wire.group_id ?? null
    return Result.succeed(
      new Conversation({
        id,
        addressId: wire.address_id ?? (groupId === null ? AddressId.make(id) : addressOf?.(groupId) ?? null),
        groupId,
        fromAddressId: wire.from_address_id ?? wire.from_fabric_address_id ?? null,
        name: wire.name ?? "",
        metadata: wire.metadata ?? {},
        createdAt: DateTime.makeUnsafe(toEpochMillis(wire.created_at)),
        lastMessageAt: DateTime.makeUnsafe(toEpochMillis(wire.last_message_at ?? wire.created_at))
      })
    )
  })

/** Writes a conversation in a dialect, or with the keys of both. */
export const encode = (conversation: Conversation, form: Dialect.WireForm): Wire => ({
  ...(Dialect.carries(form, "address")
    ? { id: conversation.id, address_id: conversation.addressId, from_address_id: conversation.fromAddressId }
    : undefined),
  ...(Dialect.carries(form, "group")
    ? {
      group_id: conversation.groupId,
      from_fabric_address_id: conversation.fromAddressId,
      // the released client of this dialect still reads the older name
      from_address_id: conversation.fromAddressId
    }
    : undefined),
  name: conversation.name,
  metadata: conversation.metadata,
  created_at: DateTime.toEpochMillis(conversation.createdAt),
  last_message_at: DateTime.toEpochMillis(conversation.lastMessageAt)
})
