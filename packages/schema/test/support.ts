/** Shared by the tests of this package: helpers for results and JSON, and generators of every model. */
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

/** Returns the value of a success; throws for a failure. */
export const valueOf: <A>(result: Result.Result<A, MalformedValue>) => A = Result.getOrThrowWith(({ message, path }) =>
  new Error(`${path}: ${message}`)
)

/** Returns the error of a failure; throws for a success. */
export const failureOf = <A, E>(result: Result.Result<A, E>): E => Result.getOrThrow(Result.flip(result))

/** Formats a value as JSON and parses it again. */
export const jsonRoundTrip = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/**
 * Normalizes an object to one that round-trips through JSON, which has no `-0`. Backslashes become slashes, because of
 * a bug in V8 (Node 24.21): `JSON.parse` can return a key that ends with a backslash in place of one that ends with an
 * escape, once it has parsed the former in an object of the same shape.
 */
const toJsonSafe = (object: JsonObject): JsonObject => {
  const json: unknown = JSON.parse(JSON.stringify(object).replaceAll("\\\\", "/"))
  if (!isJsonObject(json)) throw new Error("JSON.parse did not return an object")
  return json
}

/** Any object of JSON values. */
const jsonObject = Arbitrary.map(Arbitrary.schema(Schema.Record(Schema.String, Schema.Json)), toJsonSafe)

/** Times that are unambiguous in seconds, with a fraction. */
const epochSeconds = Arbitrary.map(
  Arbitrary.schema(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 9e10 }))),
  (seconds) => seconds + 0
)

/** Times that are unambiguous in milliseconds. */
const dateTime = Arbitrary.map(
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 1e11, maximum: 9e13 }))),
  (millis) => DateTime.makeUnsafe(millis)
)

const schema = Arbitrary.schema
const string = schema(Schema.String)
const nullableString = schema(Schema.NullOr(Schema.String))

export const conversation = Arbitrary.map(
  Arbitrary.all({
    id: schema(ConversationId),
    addressId: schema(AddressId),
    groupId: schema(GroupId),
    fromAddressId: schema(Schema.NullOr(AddressId)),
    name: string,
    metadata: jsonObject,
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
  type: string,
  subtype: nullableString,
  kind: nullableString,
  text: nullableString,
  metadata: jsonObject,
  details: jsonObject,
  clientId: schema(Schema.NullOr(ClientId))
}

export const message = Arbitrary.map(Arbitrary.all(messageFields), (fields) => new ConversationMessage(fields))

export const event = Arbitrary.map(
  Arbitrary.all({
    ...messageFields,
    hidden: schema(Schema.Boolean),
    conversationName: nullableString,
    userName: nullableString
  }),
  (fields) => new ConversationEvent(fields, fields)
)

export const address = Arbitrary.map(
  Arbitrary.all({
    id: schema(AddressId),
    displayName: string,
    name: string,
    type: string,
    resourceId: nullableString,
    previewUrl: nullableString,
    coverUrl: nullableString,
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
    email: nullableString,
    firstName: nullableString,
    lastName: nullableString,
    displayName: nullableString,
    jobTitle: nullableString,
    timeZone: nullableString,
    country: nullableString,
    region: nullableString,
    companyName: nullableString,
    pushNotificationKey: nullableString,
    addresses: Arbitrary.array(address, { maxLength: 3 })
  }),
  (fields) => new Subscriber(fields)
)
