/**
 * Messages of a conversation: chat messages, and log entries such as a started call.
 *
 * There are two wire dialects. {@link decode} accepts either, or the keys of both at once, and {@link encode} writes
 * any of these forms.
 *
 * @since 0.1.0
 */
import type * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import * as Branded from "./Branded.ts"
import * as ClientKey from "./ClientKey.ts"
import * as Dialect from "./Dialect.ts"
import type { AddressId, ClientId, ConversationId, GroupId, MessageId, SubscriberId } from "./Ids.ts"
import {
  decoderWithFastPath,
  type Fields as ShapeFields,
  id,
  nullish,
  object,
  string,
  struct
} from "./internal/shape.ts"
import { time } from "./internal/time.ts"
import { isJsonObject, isNullishObject, isNullishString, type JsonObject } from "./JsonObject.ts"
import type { MalformedValue } from "./Malformed.ts"
import type * as WireSchemas from "./WireSchemas.ts"
import { dateTimeFromMillis, isNumericTime, toEpochSeconds } from "./WireTime.ts"

/** The fields of a {@link ConversationMessage}. Fields that the server's dialect does not provide are `null`. */
export interface Fields {
  /** The unique id of the message. Duplicates are detected by it. */
  readonly id: MessageId
  /** The id of the conversation: an address id in the address dialect, a group id in the group dialect. */
  readonly conversationId: ConversationId
  /** The id of the conversation's group. Group dialect only. */
  readonly groupId: GroupId | null
  /** The id of the subscriber who sent it. Address dialect only. */
  readonly userId: SubscriberId | null
  /** The address of the conversation's other side: the id that every method takes as `addressId`. */
  readonly addressId: AddressId | null
  /** The address it was sent from. */
  readonly fromAddressId: AddressId | null
  /** When the message was created, in unix seconds with the server's full precision. */
  readonly epochSeconds: number
  /** `message`. An open set: servers may add types. */
  readonly type: string
  /** `chat` or `log`. An open set: servers may add subtypes. */
  readonly subtype: string | null
  /** The event that a log entry records, such as `call_started`; `null` for chat. An open set. */
  readonly kind: string | null
  /** The text of a chat message; `null` for log entries. */
  readonly text: string | null
  /** Metadata that the sender attached; an empty object if there is none. */
  readonly metadata: JsonObject
  /** Details that the sender attached, or those of a log entry; an empty object if there are none. */
  readonly details: JsonObject
  /** The client id that the message was sent with; `null` if it was not sent by this SDK. */
  readonly clientId: ClientId | null
}

/**
 * A message of a conversation. Its schema is `Schemas.ConversationMessage`.
 *
 * It is a plain class, not a schema class, so that a page of a thousand messages decodes about as fast as `JSON.parse`
 * parses it.
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

  /** When the message was created, to the millisecond. Computed on each access. */
  get ts(): DateTime.Utc {
    return dateTimeFromMillis(this.epochSeconds * 1000)
  }
}

/** The wire format of a message, in any dialect. */
export type Wire = typeof WireSchemas.ConversationMessage.Type

/** The shapes of the keys in a message's wire format, in any dialect. */
export const wireFields: ShapeFields<Wire> = {
  id: id(),
  type: nullish(string),
  subtype: nullish(string),
  kind: nullish(string),
  conversation_id: nullish(id()),
  group_id: nullish(id()),
  user_id: nullish(id()),
  address_id: nullish(id()),
  from_address_id: nullish(id()),
  from_fabric_address_id: nullish(id()),
  ts: time,
  text: nullish(string),
  metadata: nullish(object),
  details: nullish(object)
}

/** Whether a value certainly conforms to {@link Wire}. The fast path of {@link decode}, for large pages. */
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

/** Returns the address of a group, which objects of the group dialect do not include; `null` if it is not known. */
export type AddressOf = (groupId: GroupId) => AddressId | null

const unknownAddress: AddressOf = () => null

/** Converts the wire format of any dialect to the fields of a message. All normalization rules are here. */
export const fieldsFromWire = (
  wire: Wire,
  addressOf: AddressOf = unknownAddress
): Result.Result<Fields, MalformedValue> => {
  const conversationId = wire.conversation_id ?? wire.group_id
  if (conversationId === undefined || conversationId === null) {
    return Result.fail({ path: "conversation_id", message: "Missing key, and group_id is missing too" })
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

const decodeWire = decoderWithFastPath(struct<Wire>(wireFields), isWire)

/**
 * Decodes a message from the wire format of any dialect. `addressOf` returns the address of a group, which the group
 * dialect does not include.
 */
export const decode = (
  input: unknown,
  addressOf?: AddressOf
): Result.Result<ConversationMessage, MalformedValue> => {
  const wire = decodeWire(input)
  if (Result.isFailure(wire)) return Result.fail(wire.failure)
  const fields = fieldsFromWire(wire.success, addressOf)
  return Result.isFailure(fields)
    ? Result.fail(fields.failure)
    : Result.succeed(new ConversationMessage(fields.success))
}

/** Encodes a message to the wire format of one dialect, or to that of all at once. */
export const encode = (message: Fields, form: Dialect.WireForm): Wire => ({
  id: message.id,
  type: message.type,
  subtype: message.subtype,
  kind: message.kind,
  ...(Dialect.includes(form, "address") ? addressKeys(message) : undefined),
  ...(Dialect.includes(form, "group") ? groupKeys(message) : undefined),
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
  // the vendor's released client for this dialect still reads the older key
  from_address_id: message.fromAddressId
})
