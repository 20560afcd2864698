/**
 * Failure reasons: one class for each kind of failure that a caller might handle differently. The error of every
 * service has one of these as its `reason`, so the same handlers work for all services.
 *
 * @since 0.1.0
 */
import { TaggedError } from "./TaggedError.ts"

/**
 * The token is missing, expired or refused. `isRetryable` is `true` if a refresh failed for a temporary reason, and
 * `false` if there is no other token, or the other one was refused too.
 */
export class Unauthorized extends TaggedError("Unauthorized")<{
  readonly detail: string
  readonly isRetryable: boolean
}> {
  constructor({ detail, isRetryable = false }: { readonly detail: string; readonly isRetryable?: boolean }) {
    super({ detail, isRetryable })
  }
  readonly remediation = "Create a new subscriber token, and configure the client to refresh it before it expires."
  override get message() {
    return `the token was refused: ${this.detail}`
  }
}

/** The token is valid, but does not permit the call. */
export class Forbidden extends TaggedError("Forbidden")<{ readonly detail: string }> {
  readonly isRetryable = false
  readonly remediation = "Use a token whose subscriber, application and scope permit this call."
  override get message() {
    return `not permitted: ${this.detail}`
  }
}

/** The address, conversation or page does not exist, or the subscriber can't see it. */
export class NotFound extends TaggedError("NotFound")<{ readonly detail: string }> {
  readonly isRetryable = false
  readonly remediation = "Check the id: it must be that of an address or conversation that this subscriber can see."
  override get message() {
    return /^not found\.?$/i.test(this.detail) ? "not found" : `not found: ${this.detail}`
  }
}

/** One error in the input. */
export interface FieldError {
  /** The server's code of the error; `invalid_parameter` for errors that were found before anything was sent. */
  readonly code: string
  /** A description of the error. */
  readonly message: string
  /** The parameter, with a path into its value such as `metadata.items[2]`; `null` if it is about no parameter. */
  readonly attribute: string | null
}

/** The input is invalid. It was refused by the server, or before anything was sent. `errors` lists each problem. */
export class Invalid extends TaggedError("Invalid")<{ readonly errors: ReadonlyArray<FieldError> }> {
  readonly isRetryable = false
  readonly remediation = "Correct the parameters listed in `errors`."
  override get message() {
    return `invalid input: ${this.errors.map(formatFieldError).join("; ")}`
  }
}

const formatFieldError = ({ attribute, code, message }: FieldError): string =>
  `${attribute === null ? "" : `${attribute}: `}${message === "" ? code : message}`

/**
 * The client has sent too many requests. `retryAfterMillis` is how long the server asks to wait, in milliseconds;
 * `null` if it does not say.
 */
export class RateLimited extends TaggedError("RateLimited")<{ readonly retryAfterMillis: number | null }> {
  readonly isRetryable = true
  readonly remediation = "Wait before retrying. To send fewer requests, share one client and use a larger pageSize."
  override get message() {
    return this.retryAfterMillis === null
      ? "rate limited"
      : `rate limited, retry after ${this.retryAfterMillis} ms`
  }
}

/** The server, or a proxy in front of it, failed with this HTTP status: 5xx or 408. */
export class ServerError extends TaggedError("ServerError")<{ readonly status: number; readonly detail: string }> {
  readonly isRetryable = true
  readonly remediation = "Retry later; if it persists, check the status page of the service."
  override get message() {
    return `the server responded with ${this.status}: ${this.detail}`
  }
}

/**
 * The server could not be reached, or the connection was lost. `sent` is `"no"` if the request was certainly not sent:
 * the connection was refused, the host name could not be resolved, TLS failed, or the platform is offline. Otherwise it
 * is `"unknown"`. Browsers do not report why a request failed, so there it is `"no"` only while they are offline.
 */
export class Transport extends TaggedError("Transport")<{
  readonly detail: string
  readonly sent: "no" | "unknown"
}> {
  constructor({ detail, sent = "unknown" }: { readonly detail: string; readonly sent?: "no" | "unknown" }) {
    super({ detail, sent })
  }
  readonly isRetryable = true
  readonly remediation = "Check the host and the network, then try again."
  override get message() {
    return `connection failed: ${this.detail}`
  }
}

/** There was no response within `millis` milliseconds. */
export class Timeout extends TaggedError("Timeout")<{ readonly millis: number }> {
  readonly isRetryable = true
  readonly remediation = "Check the network, or allow more time with the timeout option."
  override get message() {
    return `no response within ${this.millis} ms`
  }
}

/**
 * A response does not conform to the wire format, or does not come from the server at all, such as the page of a
 * captive portal. `path` is the malformed part: `links.next` if following the links of pages makes no progress, and
 * `links` if a link leads out of the configured path.
 */
export class Malformed extends TaggedError("Malformed")<{ readonly path: string; readonly detail: string }> {
  readonly isRetryable = false
  readonly remediation = "Check that the host is a SignalWire server and that no proxy rewrites its responses."
  override get message() {
    return `unexpected response${this.path === "" ? "" : ` at ${this.path}`}: ${this.detail}`
  }
}

/** A link leads to another origin, `origin`. It was not followed, since that would have sent the token there. */
export class ForeignLink extends TaggedError("ForeignLink")<{ readonly origin: string }> {
  readonly isRetryable = false
  readonly remediation = "Configure the origin that serves the API; only links to that origin are followed."
  override get message() {
    return `a link leads to ${this.origin}, which is not the configured origin`
  }
}

/**
 * It is not known whether the message was stored: a request was sent without a response, and either there was no time
 * left to look for the message in history, or the server does not keep client ids. `clientId` is the message's client
 * id. A send with the same `clientId` looks for the message first, and sends it only if it is missing.
 */
export class Unconfirmed extends TaggedError("Unconfirmed")<{ readonly clientId: string }> {
  readonly isRetryable = false
  readonly remediation =
    "Send it again with the same clientId, which first checks whether it was stored, or call findMessage."
  override get message() {
    return "the message may or may not have been stored"
  }
}

/** The server refused a request on the socket with a code that no other reason covers. */
export class Refused extends TaggedError("Refused")<{ readonly code: number | string; readonly detail: string }> {
  readonly isRetryable = false
  readonly remediation = "Report it with its code, which this client does not know."
  override get message() {
    return `refused with code ${this.code}: ${this.detail}`
  }
}

/** The call was refused because `limit` calls are already waiting. */
export class Overloaded extends TaggedError("Overloaded")<{ readonly limit: number }> {
  readonly isRetryable = true
  readonly remediation = "Wait for earlier calls to complete before making more."
  override get message() {
    return `${this.limit} calls are already waiting`
  }
}

/**
 * The client, or code that was passed to it, threw an exception, and the client can't continue. `cause` is the thrown
 * value.
 */
export class Defect extends TaggedError("Defect")<{ readonly detail: string; readonly cause?: unknown }> {
  readonly isRetryable = false
  readonly remediation = "Report it with its cause: it is a bug in this client or in code that was passed to it."
  override get message() {
    return `unexpected exception: ${this.detail}`
  }
}

/** A store, such as that of a cursor, temporarily can't be read or written. */
export class StorageUnavailable extends TaggedError("StorageUnavailable")<{ readonly detail: string }> {
  readonly isRetryable = true
  readonly remediation = "Check the disk, the database or the browser's storage quota, then retry."
  override get message() {
    return `the store is unavailable: ${this.detail}`
  }
}

/** The saved cursor can't be read: it is damaged, or was written by another version of this package. */
export class UnreadableCursor extends TaggedError("UnreadableCursor")<{ readonly detail: string }> {
  readonly isRetryable = false
  readonly remediation =
    "Restore the saved cursor, or start without it: delete it or use `Cursor.make(name, { onUnreadable: \"restart\" })`."
  override get message() {
    return `the saved cursor can't be read: ${this.detail}`
  }
}

/** The client, or the scope of its layer, is closed. */
export class Closed extends TaggedError("Closed") {
  readonly isRetryable = false
  readonly remediation = "Create a new client."
  override get message() {
    return "the client is closed"
  }
}

/** All failure reasons. Their schema is `Schemas.Reason`. */
export type Reason =
  | Unauthorized
  | Forbidden
  | NotFound
  | Invalid
  | RateLimited
  | ServerError
  | Transport
  | Timeout
  | Malformed
  | ForeignLink
  | Unconfirmed
  | Refused
  | Overloaded
  | Defect
  | StorageUnavailable
  | UnreadableCursor
  | Closed

/**
 * Whether an operation that failed for this reason may succeed later without a change to the program: once the server
 * has recovered, the token is replaced, or a captive portal is gone. These are all retryable reasons, `Unauthorized`,
 * and `Malformed` unless its `path` begins with `links`. Subscriptions, timelines and hooks wait for these to recover.
 */
export const isRecoverable = (reason: Reason): boolean =>
  reason.isRetryable || reason._tag === "Unauthorized" ||
  (reason._tag === "Malformed" && !reason.path.startsWith("links"))

/** The fields of every service's error. */
export interface ErrorFields {
  /** The method that failed. */
  readonly method: string
  /** Why it failed. */
  readonly reason: Reason
  /** The underlying failure, if there is one. */
  readonly cause?: unknown
}

/**
 * Makes the reason for a parameter that is refused before anything is sent. `attribute` is its name, and `message` says
 * what is wrong with it, as in "must be a non-empty string".
 */
export const invalidParameter = (attribute: string, message: string): Invalid =>
  new Invalid({ errors: [{ code: "invalid_parameter", message, attribute }] })
