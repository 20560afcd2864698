/** What the tests of this package share: results as values, a trip over the wire, and generators of every model. */
import * as Address from "@effect-signalwire/schema/Address"
import { Conversation } from "@effect-signalwire/schema/Conversation"
import { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import { AddressId, ClientId, ConversationId, GroupId, MessageId, SubscriberId } from "@effect-signalwire/schema/Ids"
import { isJsonObject, type JsonObject } from "@effect-signalwire/schema/JsonObject"
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import { Subscriber } from "@effect-signalwire/schema/Subscriber"
import * as Arbitrary from "effect/Arbitrary"
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** The value of a result that must have one. */
export const valueOf: <A>(result: Result.Result<A, MalformedValue>) => A = Result.getOrThrowWith(({ message, path }) =>
  new Error(`${path}: ${message}`)
)

/** The problem of a result that must have one. */
export const problemOf = <A, E>(result: Result.Result<A, E>): E => Result.getOrThrow(Result.flip(result))

/** What arrives of a value that is sent as JSON. */
export const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/**
 * As JSON has it, which knows no `-0`. Backslashes become slashes: V8's `JSON.parse` (Node 24.21) can answer a key that
 * ends with a backslash for one that ends with an escape, once it has seen the former in an object of the same shape.
 */
const asJson = (object: JsonObject): JsonObject => {
  const json: unknown = JSON.parse(JSON.stringify(object).replaceAll("\\\\", "/"))
  if (!isJsonObject(json)) throw new Error("an object became something else")
  return json
}

/** Any object of JSON values. */
const json = Arbitrary.map(Arbitrary.schema(Schema.Record(Schema.String, Schema.Json)), asJson)

/** Times that the wire can write in seconds, with a fraction. */
const epochSeconds = Arbitrary.map(
  Arbitrary.schema(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 9e10 }))),
  (seconds) => seconds + 0
)

/** Times that the wire can write in milliseconds. */
const dateTime = Arbitrary.map(
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 1e11, maximum: 9e13 }))),
  (millis) => DateTime.makeUnsafe(millis)
)

const schema = Arbitrary.schema
const text = schema(Schema.String)
const maybeText = schema(Schema.NullOr(Schema.String))

export const conversation = Arbitrary.map(
  Arbitrary.all({
    id: schema(ConversationId),
    addressId: schema(AddressId),
    groupId: schema(GroupId),
    fromAddressId: schema(Schema.NullOr(AddressId)),
    name: text,
    metadata: json,
    createdAt: dateTime,
    lastMessageAt: dateTime
  }),
  (fields) => new Conversation(fields)
)

const messageFields = {
  id: schema(MessageId),
  conversationId: schema(ConversationId),
  groupId: schema(GroupId),
  userId: schema(Schema.NullOr(SubscriberId)),
  addressId: schema(AddressId),
  fromAddressId: schema(Schema.NullOr(AddressId)),
  epochSeconds,
  type: text,
  subtype: maybeText,
  kind: maybeText,
  text: maybeText,
  metadata: json,
  details: json,
  clientId: schema(Schema.NullOr(ClientId))
}

export const message = Arbitrary.map(Arbitrary.all(messageFields), (fields) => new ConversationMessage(fields))

export const event = Arbitrary.map(
  Arbitrary.all({
    ...messageFields,
    hidden: schema(Schema.Boolean),
    conversationName: maybeText,
    userName: maybeText
  }),
  (fields) => new ConversationEvent(fields, fields)
)

export const address = Arbitrary.map(
  Arbitrary.all({
    id: schema(AddressId),
    displayName: text,
    name: text,
    type: text,
    resourceId: maybeText,
    previewUrl: maybeText,
    coverUrl: maybeText,
    channels: Arbitrary.filter(
      schema(Schema.Record(Schema.String, Schema.String)),
      (channels) => Object.keys(channels).every((name) => !name.includes("\\"))
    ),
    locked: schema(Schema.Boolean),
    createdAt: dateTime
  }),
  (fields) => new Address.Address(fields)
)

export const subscriber = Arbitrary.map(
  Arbitrary.all({
    id: schema(SubscriberId),
    email: maybeText,
    firstName: maybeText,
    lastName: maybeText,
    displayName: maybeText,
    jobTitle: maybeText,
    timeZone: maybeText,
    country: maybeText,
    region: maybeText,
    companyName: maybeText,
    pushNotificationKey: maybeText,
    addresses: Arbitrary.array(address, { maxLength: 3 })
  }),
  (fields) => new Subscriber(fields)
)
