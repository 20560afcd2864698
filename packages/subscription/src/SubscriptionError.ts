/**
 * The error of the subscription layer.
 *
 * @since 0.1.0
 */
import type * as Reason from "@effect-signalwire/schema/Reason"
import { TaggedError } from "@effect-signalwire/schema/TaggedError"

/**
 * The connection failed, or the client was closed. `method` is the method of the service that failed, `reason` is
 * why, and `cause` is the original failure, if there is one.
 */
export class SubscriptionError extends TaggedError("SubscriptionError")<Reason.ErrorFields> {
  /** Whether the same call may succeed later without any change. */
  get isRetryable(): boolean {
    return this.reason.isRetryable
  }
  /** What a person can do about it. */
  get remediation(): string {
    return this.reason.remediation
  }
  override get message(): string {
    return `Subscription.${this.method}: ${this.reason.message}`
  }
}
