/** The error of the `Credentials` service. */
import { TaggedError } from "@effect-signalwire/schema/TaggedError"
import * as Cause from "effect/Cause"
import * as Thrown from "../Thrown.ts"

/**
 * The failure of a token refresh. `detail` describes it, and `cause` is the underlying failure, if there is one.
 * `isRetryable` is `false` if no later refresh can succeed.
 */
export class CredentialsError extends TaggedError("CredentialsError")<{
  readonly detail: string
  readonly isRetryable: boolean
  readonly cause?: unknown
}> {
  override get message() {
    return this.detail
  }
}

/** Whether a failure has `isRetryable: false`, or is a Promise rejected with an error that has. */
const isFinal = (failure: unknown): boolean =>
  Thrown.isNotRetryable(failure) || (Cause.isUnknownError(failure) && Thrown.isNotRetryable(failure.cause))

const maxMessageLength = 200

const formatMessage = (failure: unknown): string => {
  const message = Thrown.errorMessageOf(Cause.isUnknownError(failure) ? failure.cause : failure) ?? ""
  return message === "" ? "" : `: ${message.slice(0, maxMessageLength)}`
}

/** The error of a refresh that failed with `cause`. */
export const refreshFailed = (cause: unknown): CredentialsError =>
  new CredentialsError({
    detail: `the token could not be refreshed${formatMessage(cause)}`,
    isRetryable: !isFinal(cause),
    cause
  })

/** The error of a refresh that returned no usable token, or none in time. */
export const refreshInvalid = (detail: string): CredentialsError => new CredentialsError({ detail, isRetryable: true })
