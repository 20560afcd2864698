/**
 * A message of a conversation: chat, or a log entry such as a started call.
 *
 * The wire writes it in two dialects; {@link decode} accepts either, or the keys of both at once, and {@link encode}
 * writes any of them.
 *
 * @since 0.1.0
 */
import type * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import * as Branded from "./Branded.ts"
import * as ClientKey from "./ClientKey.ts"
import * as Dialect from "./Dialect.ts"
import type { AddressId, ClientId, ConversationId, GroupId, MessageId, SubscriberId } from "./Ids.ts"
import { type Fields as ShapeFields, id, maybe, object, quickDecoder, struct, text } from "./internal/shape.ts"
import { time } from "./internal/time.ts"
import { isJsonObject, isNullishObject, isNullishString, type JsonObject } from "./JsonObject.ts"
import type { MalformedValue } from "./Malformed.ts"
import type * as Schemas from "./Wire.ts"
import { isNumericTime, moment, toEpochSeconds } from "./WireTime.ts"

/** What a message is made of. Whatever a dialect does not tell is `null`. */
export interface Fields {
  /** Unique, and therefore what repetition is recognised by. */
  readonly id: MessageId
  /** The conversation, by the id that the dialect gives it. */
  readonly conversationId: ConversationId
  /** The group dialect's name of the conversation. */
  readonly groupId: GroupId | null
  /** The sender's subscriber. Address dialect only. */
  readonly userId: SubscriberId | null
  /** The other side of the conversation: what `addressId` means in every method. */
  readonly addressId: AddressId | null
  /** The sender's address. */
  readonly fromAddressId: AddressId | null
  /** When the message was created: unix seconds with the server's full precision. */
  readonly epochSeconds: number
  /** `message`; open, for types to come. */
  readonly type: string
  /** `chat` or `log`; open, for subtypes to come. */
  readonly subtype: string | null
  /** For logs what happened, such as `call_started`; `null` for chat. Open. */
  readonly kind: string | null
  /** `null` for logs. */
  readonly text: string | null
  /** Metadata that its sender gave it; empty where there is none. */
  readonly metadata: JsonObject
  /** Details that its sender gave it, or those of a log entry; empty where there are none. */
  readonly details: JsonObject
  /** The id its sender gave the message before sending it, when the sender was this SDK. */
  readonly clientId: ClientId | null
}

/**
 * A message of a conversation.
 *
 * A plain class, not a schema class: pages of a thousand of them are read at the speed of `JSON.parse`. Its schema is in
 * `Schemas`.
 */
export class ConversationMessage implements Fields {
  readonly id: MessageId
  readonly conversationId: ConversationId
  readonly groupId: GroupId | null
  readonly userId: SubscriberId | null
  readonly addressId: AddressId | null
  readonly fromAddressId: AddressId | null
  readonly epochSeconds: number
  readonly type: string
  readonly subtype: string | null
  readonly kind: string | null
  readonly text: string | null
  readonly metadata: JsonObject
  readonly details: JsonObject
  readonly clientId: ClientId | null

  constructor(fields: Fields) {
    this.id = fields.id
    this.conversationId = fields.conversationId
    this.groupId = fields.groupId
    this.userId = fields.userId
    this.addressId = fields.addressId
    this.fromAddressId = fields.fromAddressId
    this.epochSeconds = fields.epochSeconds
    this.type = fields.type
    this.subtype = fields.subtype
    this.kind = fields.kind
    this.text = fields.text
    this.metadata = fields.metadata
    this.details = fields.details
    this.clientId = fields.clientId
  }

  /** When the message was created, to the millisecond. Made when asked for. */
  get ts(): DateTime.Utc {
    return moment(this.epochSeconds * 1000)
  }
}

/** A message on the wire, in any dialect. */
export type Wire = typeof Schemas.ConversationMessage.Type

/** What the keys of a message on the wire have to be, in any dialect. */
export const wireFields: ShapeFields<Wire> = {
  id: id(),
  type: maybe(text),
  subtype: maybe(text),
  kind: maybe(text),
  conversation_id: maybe(id()),
  group_id: maybe(id()),
  user_id: maybe(id()),
  address_id: maybe(id()),
  from_address_id: maybe(id()),
  from_fabric_address_id: maybe(id()),
  ts: time,
  text: maybe(text),
  metadata: maybe(object),
  details: maybe(object)
}

/** Whether it is certainly what {@link Wire} describes: its rules by hand, for pages of a thousand. */
export const isWire = (input: unknown): input is Wire =>
  isJsonObject(input) &&
  typeof input["id"] === "string" &&
  isNumericTime(input["ts"]) &&
  isNullishString(input["type"]) &&
  isNullishString(input["subtype"]) &&
  isNullishString(input["kind"]) &&
  isNullishString(input["conversation_id"]) &&
  isNullishString(input["group_id"]) &&
  isNullishString(input["user_id"]) &&
  isNullishString(input["address_id"]) &&
  isNullishString(input["from_address_id"]) &&
  isNullishString(input["from_fabric_address_id"]) &&
  isNullishString(input["text"]) &&
  isNullishObject(input["metadata"]) &&
  isNullishObject(input["details"])

/** Tells the address of a group: what a group-dialect object itself does not say. */
export type AddressOf = (groupId: GroupId) => AddressId | null

const unknownAddress: AddressOf = () => null

/** The fields of a message from its wire form; the rules that make the dialects one. */
export const normalise = (wire: Wire, addressOf: AddressOf = unknownAddress): Result.Result<Fields, MalformedValue> => {
  const conversationId = wire.conversation_id ?? wire.group_id
  if (conversationId === undefined || conversationId === null) {
    return Result.fail({ path: "conversation_id", message: "Missing key, and no group_id either" })
  }
  const groupId = wire.group_id ?? null
  const metadata = wire.metadata ?? {}
  const details = wire.details ?? {}
  return Result.succeed({
    id: wire.id,
    conversationId,
    groupId,
    userId: wire.user_id ?? null,
    addressId: wire.address_id ?? (groupId === null ? Branded.addressId(conversationId) : addressOf(groupId)),
    fromAddressId: wire.from_address_id ?? wire.from_fabric_address_id ?? null,
    epochSeconds: toEpochSeconds(wire.ts),
    type: wire.type ?? "message",
    subtype: wire.subtype ?? null,
    kind: wire.kind ?? null,
    text: wire.text ?? null,
    metadata: ClientKey.strip(metadata),
    details: ClientKey.strip(details),
    clientId: ClientKey.get(metadata) ?? ClientKey.get(details)
  })
}

const decodeWire = quickDecoder(struct<Wire>(wireFields), isWire)

/** Reads a message in whichever dialect it is written. */
export const decode = (
  input: unknown,
  addressOf?: AddressOf
): Result.Result<ConversationMessage, MalformedValue> => {
  const wire = decodeWire(input)
  if (Result.isFailure(wire)) return Result.fail(wire.failure)
  const fields = normalise(wire.success, addressOf)
  return Result.isFailure(fields)
    ? Result.fail(fields.failure)
    : Result.succeed(new ConversationMessage(fields.success))
}

/** Writes a message in a dialect, or with the keys of both. */
export const encode = (message: Fields, form: Dialect.WireForm): Wire => ({
  id: message.id,
  type: message.type,
  subtype: message.subtype,
  kind: message.kind,
  ...(Dialect.carries(form, "address") ? addressKeys(message) : undefined),
  ...(Dialect.carries(form, "group") ? groupKeys(message) : undefined),
  ts: message.epochSeconds,
  text: message.text,
  metadata: message.clientId === null ? message.metadata : ClientKey.put(message.metadata, message.clientId),
  details: message.details
})

const addressKeys = (message: Fields) => ({
  conversation_id: message.conversationId,
  address_id: message.addressId,
  user_id: message.userId,
  from_address_id: message.fromAddressId
})

const groupKeys = (message: Fields) => ({
  group_id: message.groupId,
  from_fabric_address_id: message.fromAddressId,
  // the released client of this dialect still reads the older name
  from_address_id: message.fromAddressId
})
