/** The schemas of the failure reasons, as `Schemas` exports them. */
import * as Schema from "effect/Schema"
import * as ClassSchema from "../ClassSchema.ts"
import * as Reasons from "../Reason.ts"

const detail = { detail: Schema.String }

/** One error in the input. */
export const FieldError = Schema.Struct({
  code: Schema.String,
  message: Schema.String,
  attribute: Schema.NullOr(Schema.String)
}).annotate({ identifier: "FieldError" })
export type FieldError = Reasons.FieldError

/** The token is missing, expired or refused. */
export const Unauthorized = ClassSchema.makeTagged(Reasons.Unauthorized, {
  _tag: Schema.tag("Unauthorized"),
  ...detail,
  isRetryable: Schema.Boolean
})
export type Unauthorized = Reasons.Unauthorized

/** The token does not permit the call. */
export const Forbidden = ClassSchema.makeTagged(Reasons.Forbidden, { _tag: Schema.tag("Forbidden"), ...detail })
export type Forbidden = Reasons.Forbidden

/** The address, conversation or page does not exist, or the subscriber can't see it. */
export const NotFound = ClassSchema.makeTagged(Reasons.NotFound, { _tag: Schema.tag("NotFound"), ...detail })
export type NotFound = Reasons.NotFound

/** The input is invalid. */
export const Invalid = ClassSchema.makeTagged(Reasons.Invalid, {
  _tag: Schema.tag("Invalid"),
  errors: Schema.Array(FieldError)
})
export type Invalid = Reasons.Invalid

/** The client has sent too many requests. */
export const RateLimited = ClassSchema.makeTagged(Reasons.RateLimited, {
  _tag: Schema.tag("RateLimited"),
  retryAfterMillis: Schema.NullOr(Schema.Finite)
})
export type RateLimited = Reasons.RateLimited

/** The server, or a proxy in front of it, failed. */
export const ServerError = ClassSchema.makeTagged(Reasons.ServerError, {
  _tag: Schema.tag("ServerError"),
  status: Schema.Int,
  ...detail
})
export type ServerError = Reasons.ServerError

/** The server could not be reached, or the connection was lost. */
export const Transport = ClassSchema.makeTagged(Reasons.Transport, {
  _tag: Schema.tag("Transport"),
  ...detail,
  sent: Schema.Literals(["no", "unknown"])
})
export type Transport = Reasons.Transport

/** There was no response in time. */
export const Timeout = ClassSchema.makeTagged(Reasons.Timeout, { _tag: Schema.tag("Timeout"), millis: Schema.Finite })
export type Timeout = Reasons.Timeout

/** A response does not conform to the wire format. */
export const Malformed = ClassSchema.makeTagged(Reasons.Malformed, {
  _tag: Schema.tag("Malformed"),
  path: Schema.String,
  ...detail
})
export type Malformed = Reasons.Malformed

/** A link leads to another origin. */
export const ForeignLink = ClassSchema.makeTagged(Reasons.ForeignLink, {
  _tag: Schema.tag("ForeignLink"),
  origin: Schema.String
})
export type ForeignLink = Reasons.ForeignLink

/** It is not known whether the message was stored. */
export const Unconfirmed = ClassSchema.makeTagged(Reasons.Unconfirmed, {
  _tag: Schema.tag("Unconfirmed"),
  clientId: Schema.String
})
export type Unconfirmed = Reasons.Unconfirmed

/** The server refused a request on the socket with a code that no other reason covers. */
export const Refused = ClassSchema.makeTagged(Reasons.Refused, {
  _tag: Schema.tag("Refused"),
  code: Schema.Union([Schema.Finite, Schema.String]),
  ...detail
})
export type Refused = Reasons.Refused

/** The call was refused because too many calls are already waiting. */
export const Overloaded = ClassSchema.makeTagged(Reasons.Overloaded, {
  _tag: Schema.tag("Overloaded"),
  limit: Schema.Int
})
export type Overloaded = Reasons.Overloaded

/** The client, or code that was passed to it, threw an exception. */
export const Defect = ClassSchema.makeTagged(Reasons.Defect, {
  _tag: Schema.tag("Defect"),
  ...detail,
  cause: Schema.optionalKey(Schema.Defect())
})
export type Defect = Reasons.Defect

/** A store temporarily can't be read or written. */
export const StorageUnavailable = ClassSchema.makeTagged(Reasons.StorageUnavailable, {
  _tag: Schema.tag("StorageUnavailable"),
  ...detail
})
export type StorageUnavailable = Reasons.StorageUnavailable

/** The saved cursor can't be read. */
export const UnreadableCursor = ClassSchema.makeTagged(Reasons.UnreadableCursor, {
  _tag: Schema.tag("UnreadableCursor"),
  ...detail
})
export type UnreadableCursor = Reasons.UnreadableCursor

/** The client, or the scope of its layer, is closed. */
export const Closed = ClassSchema.make({
  identifier: "Closed",
  model: Reasons.Closed,
  fields: { _tag: Schema.tag("Closed") },
  make: () => new Reasons.Closed()
})
export type Closed = Reasons.Closed

/** The reason of a failure. */
export const Reason = Schema.Union([
  Unauthorized,
  Forbidden,
  NotFound,
  Invalid,
  RateLimited,
  ServerError,
  Transport,
  Timeout,
  Malformed,
  ForeignLink,
  Unconfirmed,
  Refused,
  Overloaded,
  Defect,
  StorageUnavailable,
  UnreadableCursor,
  Closed
]).annotate({ identifier: "Reason" })
export type Reason = Reasons.Reason
