/**
 * Why something failed: one class for each thing that a caller might treat differently. Every service's error carries
 * one of these as its `reason`, so the same handling serves them all.
 *
 * @since 0.1.0
 */
import { TaggedError } from "./TaggedError.ts"

/**
 * The token is missing, expired or refused. `isRetryable` is `true` when a refresh failed for a reason that may pass,
 * and `false` when there is no other token, or the other one was refused too.
 */
export class Unauthorized extends TaggedError("Unauthorized")<{
  readonly detail: string
  readonly isRetryable: boolean
}> {
  constructor({ detail, isRetryable = false }: { readonly detail: string; readonly isRetryable?: boolean }) {
    super({ detail, isRetryable })
  }
  readonly remediation = "Mint a new subscriber token, and give the client a way to refresh it before it expires."
  override get message() {
    return `the token was refused: ${this.detail}`
  }
}

/** The token is good, but does not allow this. */
export class Forbidden extends TaggedError("Forbidden")<{ readonly detail: string }> {
  readonly isRetryable = false
  readonly remediation = "Use a token whose subscriber, application and scope allow this call."
  override get message() {
    return `not allowed: ${this.detail}`
  }
}

/** There is no such thing. */
export class NotFound extends TaggedError("NotFound")<{ readonly detail: string }> {
  readonly isRetryable = false
  readonly remediation = "Check the id: it must name an address or conversation that this subscriber can see."
  override get message() {
    return `not found: ${this.detail}`
  }
}

/** One error in the input. `attribute` names the parameter. */
export interface FieldError {
  /** The server's name of it. */
  readonly code: string
  /** What is wrong. */
  readonly message: string
  /** The parameter, with the path in it; `null` where the error is about none in particular. */
  readonly attribute: string | null
}

/** The input is wrong, by the server's check or before anything was sent; `errors` has each parameter. */
export class Invalid extends TaggedError("Invalid")<{ readonly errors: ReadonlyArray<FieldError> }> {
  readonly isRetryable = false
  readonly remediation = "Correct the parameters that `errors` names."
  override get message() {
    return `invalid input: ${this.errors.map(describeComplaint).join("; ")}`
  }
}

const describeComplaint = ({ attribute, code, message }: FieldError): string =>
  `${attribute === null ? "" : `${attribute}: `}${message === "" ? code : message}`

/**
 * Too many requests. `retryAfterMillis` is how long the server asks to wait, in milliseconds; `null` where it does not
 * say.
 */
export class RateLimited extends TaggedError("RateLimited")<{ readonly retryAfterMillis: number | null }> {
  readonly isRetryable = true
  readonly remediation = "Wait, then try again; share one client, and page with a larger pageSize."
  override get message() {
    return this.retryAfterMillis === null
      ? "rate limited"
      : `rate limited, try again in ${this.retryAfterMillis} ms`
  }
}

/** The server failed, or something in front of it did, with this HTTP status: 5xx, or 408. */
export class ServerError extends TaggedError("ServerError")<{ readonly status: number; readonly detail: string }> {
  readonly isRetryable = true
  readonly remediation = "Try again later; if it lasts, look at the service's status page."
  override get message() {
    return `the server answered ${this.status}: ${this.detail}`
  }
}

/**
 * The server could not be reached, or the connection broke. `sent` is `"no"` when no request can have been sent: the
 * connection was refused, the name did not resolve, TLS failed, or the platform is offline. Otherwise it is
 * `"unknown"`, as in browsers for everything but being offline: they don't say why a request failed.
 */
export class Transport extends TaggedError("Transport")<{
  readonly detail: string
  readonly sent: "no" | "unknown"
}> {
  constructor({ detail, sent = "unknown" }: { readonly detail: string; readonly sent?: "no" | "unknown" }) {
    super({ detail, sent })
  }
  readonly isRetryable = true
  readonly remediation = "Check the host and the network; the client tries again on its own where that is safe."
  override get message() {
    return `connection failed: ${this.detail}`
  }
}

/** No answer came within `millis` milliseconds. */
export class Timeout extends TaggedError("Timeout")<{ readonly millis: number }> {
  readonly isRetryable = true
  readonly remediation = "Check the network, or allow more time with the timeout option."
  override get message() {
    return `no answer within ${this.millis} ms`
  }
}

/**
 * An answer is not what the wire promises, or is not the server's at all, such as a captive portal's page. `path` is
 * where in it: `links.next` where links of pages lead nowhere, `links` where one leads outside of the configured path.
 */
export class Malformed extends TaggedError("Malformed")<{ readonly path: string; readonly detail: string }> {
  readonly isRetryable = false
  readonly remediation = "Check that the host is a SignalWire server and nothing in between rewrites its answers."
  override get message() {
    return `unexpected answer${this.path === "" ? "" : ` at ${this.path}`}: ${this.detail}`
  }
}

/** A link leads to another origin, `origin`; it was not followed, since the token would have been sent there. */
export class ForeignLink extends TaggedError("ForeignLink")<{ readonly origin: string }> {
  readonly isRetryable = false
  readonly remediation = "Configure the origin that really serves the API; links are followed on that origin only."
  override get message() {
    return `a link leads to ${this.origin}, which is not the configured origin`
  }
}

/**
 * It is not known whether the message was stored: a request was made, and there was no time left to see in history what
 * became of it, or the server keeps no client ids. `clientId` is the message's: sent again under it, it is looked for
 * first.
 */
export class Unconfirmed extends TaggedError("Unconfirmed")<{ readonly clientId: string }> {
  readonly isRetryable = false
  readonly remediation = "Send it again under the same clientId, which looks for it first, or ask findMessage."
  override get message() {
    return "the message may or may not have been stored"
  }
}

/** The server refused a request on the socket for a reason that none of the others names. */
export class Refused extends TaggedError("Refused")<{ readonly code: number | string; readonly detail: string }> {
  readonly isRetryable = false
  readonly remediation = "Report it with the code: this client does not expect it."
  override get message() {
    return `refused with code ${this.code}: ${this.detail}`
  }
}

/** More than `limit` calls are waiting already, so this one was refused. */
export class Overloaded extends TaggedError("Overloaded")<{ readonly limit: number }> {
  readonly isRetryable = true
  readonly remediation = "Wait for earlier calls to settle before making more."
  override get message() {
    return `more than ${this.limit} calls wait already`
  }
}

/**
 * The client's own code, or something that it was given, threw an exception, and the client can't continue; `cause` is
 * what was thrown.
 */
export class Defect extends TaggedError("Defect")<{ readonly detail: string; readonly cause?: unknown }> {
  readonly isRetryable = false
  readonly remediation = "Report it with its cause: it is a bug, in this client or in what it was given."
  override get message() {
    return `unexpected exception: ${this.detail}`
  }
}

/** A store, such as that of a cursor, can't be read or written for the moment. */
export class StorageUnavailable extends TaggedError("StorageUnavailable")<{ readonly detail: string }> {
  readonly isRetryable = true
  readonly remediation = "Check the store: the disk, the database, or the browser's quota; then try again."
  override get message() {
    return `the store could not be reached: ${this.detail}`
  }
}

/** The saved cursor can't be read: it is damaged, or another version of this package wrote it. */
export class UnreadableCursor extends TaggedError("UnreadableCursor")<{ readonly detail: string }> {
  readonly isRetryable = false
  readonly remediation =
    "Restore the saved cursor, or begin without it: remove it, or use `Cursor.make(name, { onUnreadable: \"restart\" })`."
  override get message() {
    return `the saved cursor can't be read: ${this.detail}`
  }
}

/** The client was closed, or the scope of its layer. */
export class Closed extends TaggedError("Closed") {
  readonly isRetryable = false
  readonly remediation = "Create a new client."
  override get message() {
    return "the client is closed"
  }
}

/** Every reason. Its schema is in `Schemas`. */
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
 * Whether what failed for this reason may work later without a change to the program: once the server has recovered,
 * the token is replaced, or what answered in the server's place is gone. That is every retryable reason,
 * `Unauthorized`, and `Malformed`, except for links of pages that lead nowhere, or astray. Subscriptions, timelines and hooks wait
 * for these.
 */
export const mayHeal = (reason: Reason): boolean =>
  reason.isRetryable || reason._tag === "Unauthorized" ||
  (reason._tag === "Malformed" && !reason.path.startsWith("links"))

/** What every service's error consists of. */
export interface ErrorFields {
  /** The method that failed. */
  readonly method: string
  /** Why. */
  readonly reason: Reason
  /** The original failure, where there is one. */
  readonly cause?: unknown
}

/**
 * The reason for refusing one parameter before anything is sent: `attribute` names it, `message` says what it must be.
 */
export const invalidParameter = (attribute: string, message: string): Invalid =>
  new Invalid({ errors: [{ code: "invalid_parameter", message, attribute }] })
