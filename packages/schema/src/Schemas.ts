/**
 * Effect schemas of the models and of the failure reasons. Models are decoded from the wire format of any dialect, and
 * encoded with the keys of both dialects.
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
import * as Reasons from "./Reason.ts"
import { toIssue } from "./SchemaDecoder.ts"
import * as SubscriberModel from "./Subscriber.ts"
import * as Wire from "./Wire.ts"

type Model<A> = abstract new(...args: never) => A

const instanceOf = <A>(model: Model<A>) => Schema.declare((input): input is A => input instanceof model)

/** Makes the schema of a model from its wire format, its decoder and its encoder. */
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

/** A message that was received live. */
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

/** Makes the schema of a reason, which is encoded as its fields. */
const reason = <W, A extends W>(fields: Schema.Codec<W>, model: Model<A>, make: (fields: W) => A) =>
  fields.pipe(Schema.decodeTo(instanceOf(model), {
    decode: SchemaGetter.transform(make),
    encode: SchemaGetter.transform((error: W) => error)
  }))

const detail = { detail: Schema.String }

/** The reason of a failure. */
export const Reason = Schema.Union([
  reason(
    Schema.TaggedStruct("Unauthorized", { ...detail, isRetryable: Schema.Boolean }),
    Reasons.Unauthorized,
    (fields) => new Reasons.Unauthorized(fields)
  ),
  reason(Schema.TaggedStruct("Forbidden", detail), Reasons.Forbidden, (fields) => new Reasons.Forbidden(fields)),
  reason(Schema.TaggedStruct("NotFound", detail), Reasons.NotFound, (fields) => new Reasons.NotFound(fields)),
  reason(
    Schema.TaggedStruct("Invalid", {
      errors: Schema.Array(
        Schema.Struct({ code: Schema.String, message: Schema.String, attribute: Schema.NullOr(Schema.String) })
      )
    }),
    Reasons.Invalid,
    (fields) => new Reasons.Invalid(fields)
  ),
  reason(
    Schema.TaggedStruct("RateLimited", { retryAfterMillis: Schema.NullOr(Schema.Finite) }),
    Reasons.RateLimited,
    (fields) => new Reasons.RateLimited(fields)
  ),
  reason(
    Schema.TaggedStruct("ServerError", { status: Schema.Int, ...detail }),
    Reasons.ServerError,
    (fields) => new Reasons.ServerError(fields)
  ),
  reason(
    Schema.TaggedStruct("Transport", { ...detail, sent: Schema.Literals(["no", "unknown"]) }),
    Reasons.Transport,
    (fields) => new Reasons.Transport(fields)
  ),
  reason(
    Schema.TaggedStruct("Timeout", { millis: Schema.Finite }),
    Reasons.Timeout,
    (fields) => new Reasons.Timeout(fields)
  ),
  reason(
    Schema.TaggedStruct("Malformed", { path: Schema.String, ...detail }),
    Reasons.Malformed,
    (fields) => new Reasons.Malformed(fields)
  ),
  reason(
    Schema.TaggedStruct("ForeignLink", { origin: Schema.String }),
    Reasons.ForeignLink,
    (fields) => new Reasons.ForeignLink(fields)
  ),
  reason(
    Schema.TaggedStruct("Unconfirmed", { clientId: Schema.String }),
    Reasons.Unconfirmed,
    (fields) => new Reasons.Unconfirmed(fields)
  ),
  reason(
    Schema.TaggedStruct("Refused", { code: Schema.Union([Schema.Finite, Schema.String]), ...detail }),
    Reasons.Refused,
    (fields) => new Reasons.Refused(fields)
  ),
  reason(
    Schema.TaggedStruct("Overloaded", { limit: Schema.Int }),
    Reasons.Overloaded,
    (fields) => new Reasons.Overloaded(fields)
  ),
  reason(
    Schema.TaggedStruct("Defect", { ...detail, cause: Schema.optionalKey(Schema.Defect()) }),
    Reasons.Defect,
    (fields) => new Reasons.Defect(fields)
  ),
  reason(
    Schema.TaggedStruct("StorageUnavailable", detail),
    Reasons.StorageUnavailable,
    (fields) => new Reasons.StorageUnavailable(fields)
  ),
  reason(
    Schema.TaggedStruct("UnreadableCursor", detail),
    Reasons.UnreadableCursor,
    (fields) => new Reasons.UnreadableCursor(fields)
  ),
  reason(Schema.TaggedStruct("Closed", {}), Reasons.Closed, () => new Reasons.Closed())
])

/**
 * Makes the schema of a service's error, such as `ConversationError`. `tag` is the error's `_tag`. The error is encoded
 * with its reason; of its cause only the name and the message are kept.
 */
export const serviceError = <Tag extends string, A extends Reasons.ErrorFields & { readonly _tag: Tag }>(
  tag: Tag,
  model: new(fields: Reasons.ErrorFields) => A
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
