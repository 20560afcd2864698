/**
 * The one error of the composed service.
 *
 * @since 0.1.0
 */
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Schema from "effect/Schema"

/** What the layers underneath fail with. */
export interface Underlying {
  readonly reason: Reason.Reason
  readonly cause?: unknown
}

/** A call that failed: `method` is the service's method, `reason` why, `cause` the original failure where there is one. */
export class ConversationError extends Schema.TaggedError<ConversationError>(
  "@effect-signalwire/conversation/ConversationError"
)("ConversationError", Reason.errorFields) {
  /** The same failure, as a failure of this service. */
  static from(method: string): (error: Underlying) => ConversationError {
    return ({ cause, reason }) =>
      new ConversationError({ method, reason, ...(cause === undefined ? undefined : { cause }) })
  }

  /** Whether the same call may succeed later without any change. */
  get isRetryable(): boolean {
    return this.reason.isRetryable
  }
  /** What a person can do about it. */
  get remediation(): string {
    return this.reason.remediation
  }
  override get message(): string {
    return `Conversations.${this.method}: ${this.reason.message}`
  }
}
