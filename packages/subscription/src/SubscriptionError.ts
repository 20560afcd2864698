/**
 * The one error of the subscription layer.
 *
 * @since 0.1.0
 */
import type * as Reason from "@effect-signalwire/schema/Reason"
import { TaggedError } from "@effect-signalwire/schema/TaggedError"

/**
 * The state of the connection became `Failed`, or the client was closed: `method` is the service's method, `reason`
 * says why, `cause` is the original failure, where there is one.
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
