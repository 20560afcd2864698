/**
 * A conversation: the pair of a subscriber and an address.
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
import { decoder, id, maybe, object, struct, text } from "./internal/shape.ts"
import { time } from "./internal/time.ts"
import type { JsonObject } from "./JsonObject.ts"
import type { MalformedValue } from "./Malformed.ts"
import type * as Schemas from "./Wire.ts"
import { moment, toEpochMillis } from "./WireTime.ts"

/** What a conversation is made of. Whatever a dialect does not tell is `null`. */
export interface Fields {
  /** Its id, as the dialect has it. */
  readonly id: ConversationId
  /** The other side: what `addressId` means in every method. */
  readonly addressId: AddressId | null
  /** The group dialect's name of the conversation. */
  readonly groupId: GroupId | null
  /** The subscriber's own address in this conversation. Group dialect only. */
  readonly fromAddressId: AddressId | null
  /** What it is called. */
  readonly name: string
  /** Its metadata; empty where there is none. */
  readonly metadata: JsonObject
  /** When it began. */
  readonly createdAt: DateTime.Utc
  /** When the last message was stored; `createdAt` while there is none. */
  readonly lastMessageAt: DateTime.Utc
}

/** A conversation. Its schema is in `Schemas`. */
export class Conversation extends Data.Class<Fields> {
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
      lastMessageAt: DateTime.toEpochMillis(time) > DateTime.toEpochMillis(lastMessageAt) ? time : lastMessageAt
    })
  }
}

/** A conversation on the wire, in any dialect. Times are integer milliseconds. */
export type Wire = typeof Schemas.Conversation.Type

const decodeWire = decoder(struct<Wire>({
  id: maybe(id()),
  address_id: maybe(id()),
  group_id: maybe(id()),
  from_address_id: maybe(id()),
  from_fabric_address_id: maybe(id()),
  name: maybe(text),
  metadata: maybe(object),
  created_at: time,
  last_message_at: maybe(time)
}))

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
        addressId: wire.address_id ?? (groupId === null ? Branded.addressId(id) : addressOf?.(groupId) ?? null),
        groupId,
        fromAddressId: wire.from_address_id ?? wire.from_fabric_address_id ?? null,
        name: wire.name ?? "",
        metadata: wire.metadata ?? {},
        createdAt: moment(toEpochMillis(wire.created_at)),
        lastMessageAt: moment(toEpochMillis(wire.last_message_at ?? wire.created_at))
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
