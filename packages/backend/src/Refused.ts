/**
 * A request that the service turns down, with everything its answer says.
 *
 * @since 0.1.0
 */
import * as ErrorBody from "@effect-signalwire/schema/ErrorBody"
import * as Schema from "effect/Schema"

/** A refusal. `code` and `attribute` are those of a validation body; without a code the body is the gateway's. */
export class Refused extends Schema.TaggedError<Refused>("@effect-signalwire/backend/Refused")("Refused", {
  status: Schema.Int,
  message: Schema.String,
  code: Schema.NullOr(Schema.String),
  attribute: Schema.NullOr(Schema.String)
}) {
  /** The body of the answer. */
  get body(): ErrorBody.Validation | ErrorBody.Gateway {
    return this.code === null
      ? ErrorBody.gateway(this.message)
      : ErrorBody.validation(this.code, this.message, this.attribute ?? undefined)
  }
}

const gateway = (status: number) => (message: string): Refused =>
  new Refused({ status, message, code: null, attribute: null })

/** 401: the token is missing, unknown or expired. */
export const unauthorized: Refused = gateway(401)("Unauthorized")

/** 403: the caller may not do this. */
export const forbidden: Refused = gateway(403)("Forbidden")

/** 403: it is for this machine. */
export const notLocal: Refused = gateway(403)(
  "Forbidden: this is for programs and pages of this machine, under a name of the loopback or one of --allowed-hosts"
)

/** 404: what a request names is not there. */
export const unknown = (attribute: string, what: string): Refused =>
  gateway(404)(`Not Found: ${attribute} is not ${what}`)

/** 404: there is no such thing, or none that the caller may see. */
export const notFound: Refused = gateway(404)("Not Found")

/** 400: the body could not be read, or is not JSON. */
export const malformed = gateway(400)

/** 413: the body is too long to be read. */
export const tooLarge: Refused = gateway(413)("Payload Too Large")

/** 415: the body does not say that it is JSON. */
export const notJson: Refused = gateway(415)("The body must be sent as application/json")

/** 429: the subscriber has too many sockets. */
export const tooMany: Refused = gateway(429)("Too many sockets of this subscriber")

/** 503: others need the room that its body takes. */
export const busy: Refused = gateway(503)("Too many request bodies at once; try again")

/** 507: as much is stored as may be. */
export const full: Refused = gateway(507)("The storage limit is reached")

/** 422 with one complaint. */
export const invalid = (code: string, message: string, attribute: string | null = null): Refused =>
  new Refused({ status: 422, code, message, attribute })

/** 422: a parameter of the wrong form. */
export const invalidParameter = (attribute: string, message: string): Refused =>
  invalid("invalid_parameter", `${attribute} ${message}`, attribute)

/** 422: a parameter that must be there. */
export const missing = (attribute: string): Refused =>
  invalid("missing_required_parameter", `${attribute} is required`, attribute)
