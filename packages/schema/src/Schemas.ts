/**
 * The models, and the reasons why something failed, as schemas of Effect: read from the wire in any dialect, and written
 * with the keys of both.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as AddressModel from "./Address.ts"
import * as ConversationModel from "./Conversation.ts"
import * as Event from "./ConversationEvent.ts"
import * as Message from "./ConversationMessage.ts"
import type { Decoder } from "./Malformed.ts"
import * as Why from "./Reason.ts"
import { toIssue } from "./SchemaDecoder.ts"
import * as SubscriberModel from "./Subscriber.ts"
import * as Wire from "./Wire.ts"

type Model<A> = abstract new(...args: never) => A

const instanceOf = <A>(model: Model<A>) => Schema.declare((input): input is A => input instanceof model)

/** A model that a decoder reads from its form on the wire, and a function writes. */
const fromWire = <W, A>(wire: Schema.Codec<W>, model: Model<A>, decode: Decoder<A>, encode: (value: A) => W) =>
  wire.pipe(Schema.decodeTo(instanceOf(model), {
    decode: SchemaGetter.transformEffect((input) => Effect.fromResult(Result.mapError(decode(input), toIssue))),
    encode: SchemaGetter.transform(encode)
  }))

/** A message. */
export const ConversationMessage = fromWire(
  Wire.ConversationMessage,
  Message.ConversationMessage,
  (input) => Message.decode(input),
  (message) => Message.encode(message, "all")
)

/** A message as it happens. */
export const ConversationEvent = fromWire(
  Wire.ConversationEvent,
  Event.ConversationEvent,
  (input) => Event.decode(input),
  (event) => Event.encode(event, "all")
)

/** A conversation. */
export const Conversation = fromWire(
  Wire.Conversation,
  ConversationModel.Conversation,
  (input) => ConversationModel.decode(input),
  (conversation) => ConversationModel.encode(conversation, "all")
)

/** An address. */
export const Address = fromWire(Wire.Address, AddressModel.Address, AddressModel.decode, AddressModel.encode)

/** A subscriber. */
export const Subscriber = fromWire(
  Wire.Subscriber,
  SubscriberModel.Subscriber,
  SubscriberModel.decode,
  SubscriberModel.encode
)

/** A failure, written as its fields. */
const failure = <W, A extends W>(written: Schema.Codec<W>, model: Model<A>, make: (fields: W) => A) =>
  written.pipe(Schema.decodeTo(instanceOf(model), {
    decode: SchemaGetter.transform(make),
    encode: SchemaGetter.transform((error: W) => error)
  }))

const detail = { detail: Schema.String }

/** Why something failed. */
export const Reason = Schema.Union([
  failure(
    Schema.TaggedStruct("Unauthorized", { ...detail, isRetryable: Schema.Boolean }),
    Why.Unauthorized,
    (fields) => new Why.Unauthorized(fields)
  ),
  failure(Schema.TaggedStruct("Forbidden", detail), Why.Forbidden, (fields) => new Why.Forbidden(fields)),
  failure(Schema.TaggedStruct("NotFound", detail), Why.NotFound, (fields) => new Why.NotFound(fields)),
  failure(
    Schema.TaggedStruct("Invalid", {
      errors: Schema.Array(
        Schema.Struct({ code: Schema.String, message: Schema.String, attribute: Schema.NullOr(Schema.String) })
      )
    }),
    Why.Invalid,
    (fields) => new Why.Invalid(fields)
  ),
  failure(
    Schema.TaggedStruct("RateLimited", { retryAfterMillis: Schema.NullOr(Schema.Finite) }),
    Why.RateLimited,
    (fields) => new Why.RateLimited(fields)
  ),
  failure(
    Schema.TaggedStruct("ServerError", { status: Schema.Int, ...detail }),
    Why.ServerError,
    (fields) => new Why.ServerError(fields)
  ),
  failure(
    Schema.TaggedStruct("Transport", { ...detail, sent: Schema.Literals(["no", "unknown"]) }),
    Why.Transport,
    (fields) => new Why.Transport(fields)
  ),
  failure(Schema.TaggedStruct("Timeout", { millis: Schema.Finite }), Why.Timeout, (fields) => new Why.Timeout(fields)),
  failure(
    Schema.TaggedStruct("Malformed", { path: Schema.String, ...detail }),
    Why.Malformed,
    (fields) => new Why.Malformed(fields)
  ),
  failure(
    Schema.TaggedStruct("ForeignLink", { origin: Schema.String }),
    Why.ForeignLink,
    (fields) => new Why.ForeignLink(fields)
  ),
  failure(
    Schema.TaggedStruct("Unconfirmed", { clientId: Schema.String }),
    Why.Unconfirmed,
    (fields) => new Why.Unconfirmed(fields)
  ),
  failure(
    Schema.TaggedStruct("Refused", { code: Schema.Union([Schema.Finite, Schema.String]), ...detail }),
    Why.Refused,
    (fields) => new Why.Refused(fields)
  ),
  failure(
    Schema.TaggedStruct("Overloaded", { limit: Schema.Int }),
    Why.Overloaded,
    (fields) => new Why.Overloaded(fields)
  ),
  failure(
    Schema.TaggedStruct("Defect", { ...detail, cause: Schema.optionalKey(Schema.Defect()) }),
    Why.Defect,
    (fields) => new Why.Defect(fields)
  ),
  failure(
    Schema.TaggedStruct("StorageUnavailable", detail),
    Why.StorageUnavailable,
    (fields) => new Why.StorageUnavailable(fields)
  ),
  failure(
    Schema.TaggedStruct("UnreadableCursor", detail),
    Why.UnreadableCursor,
    (fields) => new Why.UnreadableCursor(fields)
  ),
  failure(Schema.TaggedStruct("Closed", {}), Why.Closed, () => new Why.Closed())
])

/**
 * The error of a service, such as `ConversationError`, written with its reason; `tag` is its `_tag`. Causes are written as
 * names and messages.
 */
export const serviceError = <Tag extends string, A extends Why.ErrorFields & { readonly _tag: Tag }>(
  tag: Tag,
  model: new(fields: Why.ErrorFields) => A
) =>
  Schema.Struct({
    _tag: Schema.Literal(tag),
    method: Schema.String,
    reason: Reason,
    cause: Schema.optionalKey(Schema.Defect())
  }).pipe(Schema.decodeTo(instanceOf(model), {
    decode: SchemaGetter.transform((fields) => new model(fields)),
    encode: SchemaGetter.transform((error) => error)
  }))
