/**
 * The error of the `SignalWireHttp` service.
 *
 * @since 0.1.0
 */
import type * as Reason from "@effect-signalwire/schema/Reason"
import { TaggedError } from "@effect-signalwire/schema/TaggedError"

/**
 * A method of `SignalWireHttp` failed. `method` is its name, `reason` is why it failed, and `cause` is the original error,
 * if there is one.
 */
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
