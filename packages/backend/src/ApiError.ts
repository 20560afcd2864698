/**
 * The error responses of the service's API.
 *
 * @since 0.1.0
 */
import * as ErrorBody from "@effect-signalwire/schema/ErrorBody"
import * as Schema from "effect/Schema"

/**
 * A request failed with an error response. `code` and `attribute` are those of a validation error; if `code` is `null`, the
 * body has only the message, as those of the service's gateway.
 */
export class ApiError extends Schema.TaggedError<ApiError>("@effect-signalwire/backend/ApiError")("ApiError", {
  status: Schema.Int,
  message: Schema.String,
  code: Schema.NullOr(Schema.String),
  attribute: Schema.NullOr(Schema.String)
}) {
  /** The body of the response. */
  get body(): ErrorBody.Validation | ErrorBody.Gateway {
    return this.code === null
      ? ErrorBody.gateway(this.message)
      : ErrorBody.validation(this.code, this.message, this.attribute ?? undefined)
  }
}

const gateway = (status: number) => (message: string): ApiError =>
  new ApiError({ status, message, code: null, attribute: null })

/** 400: the body could not be read or is not JSON. */
export const badRequest: (message: string) => ApiError = gateway(400)

/** 401: the token is missing, unknown or expired. */
export const unauthorized: ApiError = gateway(401)("Unauthorized")

/** 403: the caller is not allowed to do this. */
export const forbidden: ApiError = gateway(403)("Forbidden")

/** 403: only programs and pages on this machine may make this request. */
export const notLocal: ApiError = gateway(403)(
  "Forbidden: only programs and pages on this machine have access, under a loopback host name or one of --allowed-hosts"
)

/** 404: the resource does not exist, or the caller cannot see it. */
export const notFound: ApiError = gateway(404)("Not Found")

/** 404: a parameter of the request refers to something that does not exist. */
export const unknownReference = (attribute: string, expected: string): ApiError =>
  gateway(404)(`Not Found: ${attribute} is not ${expected}`)

/** 413: the body is too large. */
export const payloadTooLarge: ApiError = gateway(413)("Payload Too Large")

/** 415: the content type of the body is not JSON. */
export const unsupportedMediaType: ApiError = gateway(415)("The content type must be application/json")

/** 429: the subscriber has too many open sockets. */
export const tooManySockets: ApiError = gateway(429)("The subscriber has too many open sockets")

/** 503: the memory for request bodies is exhausted. */
export const overloaded: ApiError = gateway(503)("Too many concurrent request bodies; try again")

/** 507: the storage limit is reached. */
export const storageFull: ApiError = gateway(507)("The storage limit is reached")

/** 422: a validation error with one entry. */
export const validation = (code: string, message: string, attribute: string | null = null): ApiError =>
  new ApiError({ status: 422, code, message, attribute })

/** 422: a parameter is invalid. The message is the name of the parameter, followed by `message`. */
export const invalidParameter = (attribute: string, message: string): ApiError =>
  validation("invalid_parameter", `${attribute} ${message}`, attribute)

/** 422: a required parameter is missing. */
export const missingParameter = (attribute: string): ApiError =>
  validation("missing_required_parameter", `${attribute} is required`, attribute)
