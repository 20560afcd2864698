/**
 * Why something failed: one class for each thing that a caller might treat differently. Every service's error carries
 * one of these as its `reason`, so the same handling serves them all.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * The token is missing, expired or refused. It is retryable when a refresh could have helped and failed for a reason that
 * may heal; where the token can't be refreshed, it is not.
 */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {
  detail: Schema.String,
  isRetryable: Schema.Boolean.pipe(Schema.withConstructorDefault(Effect.succeed(false)))
}) {
  readonly remediation = "Mint a new subscriber token, and give the client a way to refresh it before it expires."
  override get message() {
    return `the token was refused: ${this.detail}`
  }
}

/** The token is good, but does not allow this. */
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", { detail: Schema.String }) {
  readonly isRetryable = false
  readonly remediation = "Use a token whose subscriber, application and scope allow this call."
  override get message() {
    return `not allowed: ${this.detail}`
  }
}

/** There is no such thing. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { detail: Schema.String }) {
  readonly isRetryable = false
  readonly remediation = "Check the id: it must name an address or conversation that this subscriber can see."
  override get message() {
    return `not found: ${this.detail}`
  }
}

/** One complaint about the input. `attribute` names the parameter. */
export const Complaint = Schema.Struct({
  code: Schema.String,
  message: Schema.String,
  attribute: Schema.NullOr(Schema.String)
})
export type Complaint = typeof Complaint.Type

/** The input is wrong; found by the server, or before anything was sent. */
export class Invalid extends Schema.TaggedError<Invalid>()("Invalid", { errors: Schema.Array(Complaint) }) {
  readonly isRetryable = false
  readonly remediation = "Correct the parameters that `errors` names."
  override get message() {
    return `invalid input: ${this.errors.map(describeComplaint).join("; ")}`
  }
}

const describeComplaint = ({ attribute, code, message }: Complaint): string =>
  `${attribute === null ? "" : `${attribute}: `}${message === "" ? code : message}`

/** Too many requests. `retryAfterMillis` is the server's wish, where it told one. */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", {
  retryAfterMillis: Schema.NullOr(Schema.Finite)
}) {
  readonly isRetryable = true
  readonly remediation = "Wait, then try again; share one client, and page with a larger pageSize."
  override get message() {
    return this.retryAfterMillis === null
      ? "rate limited"
      : `rate limited, try again in ${this.retryAfterMillis} ms`
  }
}

/** The server failed, or something in front of it did. */
export class ServerError extends Schema.TaggedError<ServerError>()("ServerError", {
  status: Schema.Int,
  detail: Schema.String
}) {
  readonly isRetryable = true
  readonly remediation = "Try again later; if it lasts, look at the service's status page."
  override get message() {
    return `the server answered ${this.status}: ${this.detail}`
  }
}

/** The server could not be reached, or the connection broke. */
export class Transport extends Schema.TaggedError<Transport>()("Transport", { detail: Schema.String }) {
  readonly isRetryable = true
  readonly remediation = "Check the host and the network; the client tries again on its own where that is safe."
  override get message() {
    return `connection failed: ${this.detail}`
  }
}

/** No answer came in time. */
export class Timeout extends Schema.TaggedError<Timeout>()("Timeout", { millis: Schema.Finite }) {
  readonly isRetryable = true
  readonly remediation = "Check the network, or allow more time with the timeout option."
  override get message() {
    return `no answer within ${this.millis} ms`
  }
}

/** The answer does not have the shape that the wire promises. */
export class Malformed extends Schema.TaggedError<Malformed>()("Malformed", {
  path: Schema.String,
  detail: Schema.String
}) {
  readonly isRetryable = false
  readonly remediation = "Check that the host is a SignalWire server and nothing in between rewrites its answers."
  override get message() {
    return `unexpected answer${this.path === "" ? "" : ` at ${this.path}`}: ${this.detail}`
  }
}

/** A link leads to another origin; following it would have handed the token to a stranger. */
export class ForeignLink extends Schema.TaggedError<ForeignLink>()("ForeignLink", { origin: Schema.String }) {
  readonly isRetryable = false
  readonly remediation = "Configure the origin that really serves the API; links are followed on that origin only."
  override get message() {
    return `a link leads to ${this.origin}, which is not the configured origin`
  }
}

/** Whether the message was stored can't be known: the answer was lost, and the server does not echo client ids. */
export class Unconfirmed extends Schema.TaggedError<Unconfirmed>()("Unconfirmed", { clientId: Schema.String }) {
  readonly isRetryable = false
  readonly remediation = "Look for the message in the conversation before sending it again."
  override get message() {
    return "the message may or may not have been stored"
  }
}

/** The server refused a request on the socket for a reason that none of the others names. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  code: Schema.Union([Schema.Finite, Schema.String]),
  detail: Schema.String
}) {
  readonly isRetryable = false
  readonly remediation = "Report it with the code: this client does not expect it."
  override get message() {
    return `refused with code ${this.code}: ${this.detail}`
  }
}

/** So much waits already that nothing more is taken. */
export class Overloaded extends Schema.TaggedError<Overloaded>()("Overloaded", { limit: Schema.Int }) {
  readonly isRetryable = true
  readonly remediation = "Wait for earlier calls to settle before making more."
  override get message() {
    return `more than ${this.limit} calls wait already`
  }
}

/** The client, or the scope it lives in, was closed. */
export class Closed extends Schema.TaggedError<Closed>()("Closed", {}) {
  readonly isRetryable = false
  readonly remediation = "Create a new client."
  override get message() {
    return "the client is closed"
  }
}

/** Every reason. */
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
  Closed
])
export type Reason = typeof Reason.Type

/** What every service's error consists of: the method that failed, why, and the original failure where there is one. */
export const errorFields = {
  method: Schema.String,
  reason: Reason,
  cause: Schema.optionalKey(Schema.Defect())
}

/** A complaint about one parameter, found before anything was sent. */
export const invalidParameter = (attribute: string, message: string): Invalid =>
  new Invalid({ errors: [{ code: "invalid_parameter", message, attribute }] })
