/**
 * `ConversationError` is the error of the `Conversations` service.
 *
 * @since 0.1.0
 */
import type * as Reason from "@effect-signalwire/schema/Reason"
import { TaggedError } from "@effect-signalwire/schema/TaggedError"
import { NodeInspectSymbol } from "effect/Inspectable"

/** A failure of one of the services that `Conversations` is composed of. */
export interface UnderlyingError {
  /** Why the call failed. */
  readonly reason: Reason.Reason
  /** The original failure, if there is one. */
  readonly cause?: unknown
}

/** The fields of a `ConversationError`. */
export interface Fields extends Reason.ErrorFields {
  /**
   * For a failed send, whether its message may have been stored: `"no"` when it was not, `"unknown"` when it may have
   * been. Absent for other methods.
   */
  readonly stored?: "no" | "unknown"
}

/**
 * The failure of a call. `method` is the method of the service, `reason` says why it failed, and `cause` is the
 * original failure, if there is one. For a failed send, `stored` says whether the message may have been stored.
 */
export class ConversationError extends TaggedError("ConversationError")<Fields> {
  /** Returns a function that converts the failure of an underlying service to a failure of `method`. */
  static from(method: string): (error: UnderlyingError) => ConversationError {
    return ({ cause, reason }) =>
      new ConversationError({ method, reason, ...(cause === undefined ? undefined : { cause }) })
  }

  /** {@link from} for a send, with whether its message may have been stored. */
  static fromSend(method: string, stored: "no" | "unknown"): (error: UnderlyingError) => ConversationError {
    return ({ cause, reason }) =>
      new ConversationError({ method, reason, stored, ...(cause === undefined ? undefined : { cause }) })
  }

  /** Whether the same call may succeed later without any change. */
  get isRetryable(): boolean {
    return this.reason.isRetryable
  }
  /** What the user can do about the failure. */
  get remediation(): string {
    return this.reason.remediation
  }
  override get name(): string {
    return "ConversationError"
  }
  override get message(): string {
    return `${this.method}: ${this.reason.message}`
  }
  /**
   * Returns what a report needs, including `message`, `remediation` and `stored`, and the names and messages of the
   * causes.
   */
  override toJSON(): object {
    const { _tag, isRetryable, message, method, reason, remediation, stored } = this
    return {
      _tag,
      method,
      message,
      isRetryable,
      ...(stored === undefined ? undefined : { stored }),
      remediation,
      reason,
      ...causesOf(this.cause)
    }
  }
  /** Formats the error as Node formats errors, with its stack and causes, instead of as a plain object. */
  override [NodeInspectSymbol](_depth?: number, options?: object, inspect?: Inspect): unknown {
    return inspect === undefined ? this.toJSON() : inspect(this, { ...options, customInspect: false })
  }
}

/** Node's `util.inspect`, which Node passes in, so that browsers need not import it. */
type Inspect = (value: unknown, options: object) => string

const maxCauses = 8

const causesOf = (cause: unknown, depth = 0): { readonly cause?: object } =>
  cause instanceof Error && depth < maxCauses
    ? { cause: { name: cause.name, message: cause.message, ...causesOf(cause.cause, depth + 1) } }
    : {}
