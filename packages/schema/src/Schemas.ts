/**
 * Effect schemas of the models and of the failure reasons.
 *
 * Each is named like the type that it describes, and has an identifier, a JSON codec, an `Arbitrary` and an
 * equivalence. They fit wherever Effect takes a schema: in structs, `HttpApi` endpoints, RPCs and messages of a
 * cluster.
 *
 * ```ts
 * import * as Schemas from "@effect-signalwire/schema/Schemas"
 * import * as HttpApi from "effect/http-api/HttpApi"
 * import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
 * import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
 * import * as Schema from "effect/Schema"
 *
 * // the OpenAPI document of this API has the components ConversationMessage and NotFound
 * export const api = HttpApi.make("support").add(
 *   HttpApiGroup.make("transcripts").add(
 *     HttpApiEndpoint.get("read", "/transcripts/:name", {
 *       params: { name: Schema.String },
 *       success: Schema.Array(Schemas.ConversationMessage),
 *       error: Schemas.NotFound.annotate({ httpApiStatus: 404 })
 *     })
 *   )
 * )
 * ```
 *
 * In JSON, the fields have the names that they have in TypeScript. A `DateTime` is ISO 8601; messages and events have
 * `epochSeconds`, a number of unix seconds. The schemas whose names end in `FromWire` have SignalWire's wire format as
 * their encoded form instead: they decode any dialect, and encode the keys of all dialects.
 *
 * ```ts
 * import * as Schemas from "@effect-signalwire/schema/Schemas"
 * import * as Arbitrary from "effect/Arbitrary"
 * import * as Effect from "effect/Effect"
 *
 * // ten messages to test a program with
 * export const messages: Effect.Effect<ReadonlyArray<Schemas.ConversationMessage>, Arbitrary.SampleError> = Arbitrary
 *   .sampleEffect(Arbitrary.schema(Schemas.ConversationMessage), { count: 10 })
 * ```
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as AddressModel from "./Address.ts"
import * as ClassSchema from "./ClassSchema.ts"
import * as ConversationModel from "./Conversation.ts"
import * as Event from "./ConversationEvent.ts"
import * as Message from "./ConversationMessage.ts"
import { AddressId, ClientId, ConversationId, GroupId, MessageId, SubscriberId } from "./Ids.ts"
import * as Expressible from "./internal/expressible.ts"
import { Reason } from "./internal/reasonSchemas.ts"
import * as Join from "./JoinConversationResponse.ts"
import type { Decoder } from "./Malformed.ts"
import type * as MalformedModel from "./Malformed.ts"
import { toIssue } from "./SchemaDecoder.ts"
import * as SubscriberModel from "./Subscriber.ts"
import * as WireSchemas from "./WireSchemas.ts"
import { maxEpochMillis } from "./WireTime.ts"

export {
  Closed,
  Defect,
  FieldError,
  Forbidden,
  ForeignLink,
  Invalid,
  Malformed,
  NotFound,
  Overloaded,
  RateLimited,
  Reason,
  Refused,
  ServerError,
  StorageUnavailable,
  Timeout,
  Transport,
  Unauthorized,
  Unconfirmed,
  UnreadableCursor
} from "./internal/reasonSchemas.ts"

/** Makes the codec between a model and its wire format from the model's decoder and encoder. */
const fromWire = <W, A, Iso>(
  wire: Schema.Codec<W>,
  model: Schema.declare<A, Iso>,
  decode: Decoder<A>,
  encode: (value: A) => W
) =>
  wire.pipe(Schema.decodeTo(model, {
    decode: SchemaGetter.transformEffect((input) => Effect.fromResult(Result.mapError(decode(input), toIssue))),
    encode: SchemaGetter.transform(encode)
  }))

const nullableString = Schema.NullOr(Schema.String)

const messageFields = {
  id: MessageId,
  conversationId: ConversationId,
  groupId: Schema.NullOr(GroupId),
  userId: Schema.NullOr(SubscriberId),
  addressId: Schema.NullOr(AddressId),
  fromAddressId: Schema.NullOr(AddressId),
  epochSeconds: Schema.Finite.check(
    Schema.isBetween({ minimum: -maxEpochMillis / 1000, maximum: maxEpochMillis / 1000 })
  ),
  type: Schema.String,
  subtype: nullableString,
  kind: nullableString,
  text: nullableString,
  metadata: WireSchemas.JsonObject,
  details: WireSchemas.JsonObject,
  clientId: Schema.NullOr(ClientId)
}

/** A message. */
export const ConversationMessage = ClassSchema.make({
  identifier: "ConversationMessage",
  model: Message.ConversationMessage,
  fields: messageFields,
  make: (fields) => new Message.ConversationMessage(fields)
})
export type ConversationMessage = Message.ConversationMessage

/** A message, encoded in SignalWire's wire format. */
export const ConversationMessageFromWire = fromWire(
  WireSchemas.ConversationMessage.annotate({ identifier: "ConversationMessageFromWire" }),
  Expressible.withArbitrary(ConversationMessage, Expressible.message),
  (input) => Message.decode(input),
  (message) => Message.encode(message, "all")
)

/** A message that was received live. */
export const ConversationEvent = ClassSchema.make({
  identifier: "ConversationEvent",
  model: Event.ConversationEvent,
  fields: {
    ...messageFields,
    hidden: Schema.Boolean,
    conversationName: nullableString,
    userName: nullableString
  },
  make: (fields) => new Event.ConversationEvent(fields, fields)
})
export type ConversationEvent = Event.ConversationEvent

/** A message that was received live, encoded in SignalWire's wire format. */
export const ConversationEventFromWire = fromWire(
  WireSchemas.ConversationEvent.annotate({ identifier: "ConversationEventFromWire" }),
  Expressible.withArbitrary(ConversationEvent, Expressible.event),
  (input) => Event.decode(input),
  (event) => Event.encode(event, "all")
)

/** A conversation. */
export const Conversation = ClassSchema.make({
  identifier: "Conversation",
  model: ConversationModel.Conversation,
  fields: {
    id: ConversationId,
    addressId: Schema.NullOr(AddressId),
    groupId: Schema.NullOr(GroupId),
    fromAddressId: Schema.NullOr(AddressId),
    name: Schema.String,
    metadata: WireSchemas.JsonObject,
    createdAt: Schema.DateTimeUtc,
    lastMessageAt: Schema.DateTimeUtc
  },
  make: (fields) => new ConversationModel.Conversation(fields)
})
export type Conversation = ConversationModel.Conversation

/** A conversation, encoded in SignalWire's wire format. */
export const ConversationFromWire = fromWire(
  WireSchemas.Conversation.annotate({ identifier: "ConversationFromWire" }),
  Expressible.withArbitrary(Conversation, Expressible.conversation),
  (input) => ConversationModel.decode(input),
  (conversation) => ConversationModel.encode(conversation, "all")
)

/** An address. */
export const Address = ClassSchema.make({
  identifier: "Address",
  model: AddressModel.Address,
  fields: {
    id: AddressId,
    displayName: Schema.String,
    name: Schema.String,
    type: Schema.String,
    resourceId: nullableString,
    previewUrl: nullableString,
    coverUrl: nullableString,
    channels: Schema.Record(Schema.String, Schema.String),
    locked: Schema.Boolean,
    createdAt: Schema.NullOr(Schema.DateTimeUtc)
  },
  make: (fields) => new AddressModel.Address(fields)
})
export type Address = AddressModel.Address

/** An address, encoded in SignalWire's wire format. */
export const AddressFromWire = fromWire(
  WireSchemas.Address.annotate({ identifier: "AddressFromWire" }),
  Address,
  AddressModel.decode,
  AddressModel.encode
)

/** A subscriber. */
export const Subscriber = ClassSchema.make({
  identifier: "Subscriber",
  model: SubscriberModel.Subscriber,
  fields: {
    id: SubscriberId,
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
    addresses: Schema.Array(Address)
  },
  make: (fields) => new SubscriberModel.Subscriber(fields)
})
export type Subscriber = SubscriberModel.Subscriber

/** A subscriber, encoded in SignalWire's wire format. */
export const SubscriberFromWire = fromWire(
  WireSchemas.Subscriber.annotate({ identifier: "SubscriberFromWire" }),
  Subscriber,
  SubscriberModel.decode,
  SubscriberModel.encode
)

/** The response to joining a conversation. */
export const JoinConversationResponse = ClassSchema.make({
  identifier: "JoinConversationResponse",
  model: Join.JoinConversationResponse,
  fields: {
    conversationId: ConversationId,
    addressId: AddressId,
    fromAddressId: Schema.NullOr(AddressId),
    groupId: Schema.NullOr(GroupId)
  },
  make: (fields) => new Join.JoinConversationResponse(fields)
})
export type JoinConversationResponse = Join.JoinConversationResponse

/**
 * Makes the schema of the response to joining `addressId`, encoded in SignalWire's wire format, which does not contain
 * the address in every dialect.
 */
export const joinConversationResponseFromWire = (addressId: AddressId) =>
  fromWire(
    WireSchemas.JoinResponse.annotate({ identifier: "JoinConversationResponseFromWire" }),
    Expressible.withArbitrary(JoinConversationResponse, Expressible.joinOf(addressId)),
    (input) => Join.decode(input, addressId),
    (response) => Join.encode(response, "all")
  )

/** The report of a value that could not be decoded. */
export const MalformedValue = Schema.Struct({ path: Schema.String, message: Schema.String }).annotate({
  identifier: "MalformedValue"
})
export type MalformedValue = MalformedModel.MalformedValue

/**
 * Makes the schema of the data of a `Page`, without the effects that read its neighbours. A `Page` can be encoded with
 * it.
 */
export const page = <Item extends Schema.Constraint>(item: Item) =>
  Schema.Struct({
    data: Schema.Array(item),
    hasNext: Schema.Boolean,
    hasPrev: Schema.Boolean,
    malformed: Schema.Array(MalformedValue)
  })

/**
 * The fields of every service's error, for schemas of errors such as `ConversationError`. Of its cause, JSON has the
 * name, the message and the causes.
 */
export const errorFields = { method: Schema.String, reason: Reason, cause: Schema.optionalKey(Schema.Defect()) }
