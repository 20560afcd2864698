/**
 * The one error of the composed service.
 *
 * @since 0.1.0
 */
import type * as Reason from "@effect-signalwire/schema/Reason"
import { TaggedError } from "@effect-signalwire/schema/TaggedError"
import { NodeInspectSymbol } from "effect/Inspectable"

/** What the layers underneath fail with. */
export interface Underlying {
  /** Why it failed. */
  readonly reason: Reason.Reason
  /** The original failure, where there is one. */
  readonly cause?: unknown
}

/** What an error of this service consists of. */
export interface Fields extends Reason.ErrorFields {
  /**
   * What is known of the message of a failed send: `"no"` when it was not stored, `"unknown"` when it may have been.
   * Absent for other methods.
   */
  readonly stored?: "no" | "unknown"
}

/**
 * The failure of a call: `method` is the service's method, `reason` says why, `cause` is the original failure, where
 * there is one, and `stored` is what is known of the message of a send.
 */
export class ConversationError extends TaggedError("ConversationError")<Fields> {
  /** Makes a function that turns a failure of a layer underneath into one of this service's `method`. */
  static from(method: string): (error: Underlying) => ConversationError {
    return ({ cause, reason }) =>
      new ConversationError({ method, reason, ...(cause === undefined ? undefined : { cause }) })
  }

  /** {@link from} for a send, with what is known of the message. */
  static ofSend(method: string, stored: "no" | "unknown"): (error: Underlying) => ConversationError {
    return ({ cause, reason }) =>
      new ConversationError({ method, reason, stored, ...(cause === undefined ? undefined : { cause }) })
  }

  /** Whether the same call may succeed later without any change. */
  get isRetryable(): boolean {
    return this.reason.isRetryable
  }
  /** What a person can do about it. */
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
   * Everything that a report needs, `message`, `remediation` and `stored` included; of its causes, their names and
   * messages.
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
      ...chain(this.cause)
    }
  }
  /** Shows it as Node shows errors, stack and causes included, instead of as a plain object. */
  override [NodeInspectSymbol](_depth?: number, options?: object, inspect?: Inspect): unknown {
    return inspect === undefined ? this.toJSON() : inspect(this, { ...options, customInspect: false })
  }
}

/** Node's `util.inspect`, which it hands over itself: this runs in browsers too. */
type Inspect = (value: unknown, options: object) => string

const chain = (cause: unknown, depth = 0): { readonly cause?: object } =>
  cause instanceof Error && depth < 8
    ? { cause: { name: cause.name, message: cause.message, ...chain(cause.cause, depth + 1) } }
    : {}
