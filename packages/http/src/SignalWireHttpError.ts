/**
 * The one error of the HTTP layer.
 *
 * @since 0.1.0
 */
import type * as Reason from "@effect-signalwire/schema/Reason"
import { TaggedError } from "@effect-signalwire/schema/TaggedError"

/** A call that failed: `method` is the service's method, `reason` why, `cause` the original failure where there is one. */
export class SignalWireHttpError extends TaggedError("SignalWireHttpError")<Reason.ErrorFields> {
  /** Whether the same call may succeed later without any change. */
  get isRetryable(): boolean {
    return this.reason.isRetryable
  }
  /** What a person can do about it. */
  get remediation(): string {
    return this.reason.remediation
  }
  override get message(): string {
    return `SignalWireHttp.${this.method}: ${this.reason.message}`
  }
}
