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
   * Of a send: `"no"` when the message was not stored, and `"unknown"` when it may have been. Absent for other methods.
   */
  readonly stored?: "no" | "unknown"
}

/** A call that failed: `method` is the service's method, `reason` why, `cause` the original failure where there is one. */
export class ConversationError extends TaggedError("ConversationError")<Fields> {
  /** The same failure, as a failure of this service. */
  static from(method: string): (error: Underlying) => ConversationError {
    return ({ cause, reason }) =>
      new ConversationError({ method, reason, ...(cause === undefined ? undefined : { cause }) })
  }

  /** The same failure of a send, with what is known of the message. */
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
  /** Everything a report needs, the message and the remedy included; of its causes, their names and messages. */
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
  /** As errors are shown, stack and causes included, and not as a plain object. */
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
