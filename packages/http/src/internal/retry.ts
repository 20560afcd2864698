/**
 * Repeats requests as the rules of `RetryPolicy` say: by a schedule, within a deadline.
 */
import * as Backoff from "@effect-signalwire/runtime/Backoff"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as RetryAfter from "@effect-signalwire/runtime/RetryAfter"
import { catchUnexpected, stackOf } from "@effect-signalwire/runtime/Thrown"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { isRetried, RetryPolicy } from "../RetryPolicy.ts"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import type { Client } from "./client.ts"

/** When an attempt must end. */
export interface AttemptLimits {
  /** How long it may take. Milliseconds. */
  readonly timeoutMillis: number
  /** When it must have ended, in milliseconds of the monotonic clock. */
  readonly deadline: number
}

/**
 * Retries an attempt while its failure is retryable, the schedule continues, and the next attempt would begin before the
 * deadline. A schedule that throws, or has not returned a delay by the deadline, has ended; an exception is logged.
 */
export const withRetry = <A>(
  { instrumentation, retrySchedule, timeouts }: Pick<Client, "instrumentation" | "retrySchedule" | "timeouts">,
  attempt: (limits: AttemptLimits) => Effect.Effect<A, SignalWireHttpError>
): Effect.Effect<A, SignalWireHttpError> =>
  Effect.gen(function*() {
    const policy = yield* RetryPolicy
    const limits: AttemptLimits = {
      timeoutMillis: Math.min(timeouts.attemptMillis, policy.timeoutMillis),
      deadline: (yield* Monotonic.millis) + timeouts.deadlineMillis
    }
    if (!policy.isEnabled) return yield* attempt(limits)
    const nextDelay = yield* Backoff.start(retrySchedule)
    while (true) {
      const result = yield* Effect.result(attempt(limits))
      if (Result.isSuccess(result)) return result.success
      const error = result.failure
      if (!isRetried(error)) return yield* error
      const ended = Effect.succeed(null)
      const scheduled = yield* catchUnexpected(nextDelay(error), (thrown) => {
        const log = instrumentation.warn(
          "a retry schedule failed with an exception, which ends it",
          [stackOf(thrown)],
          {
            operation: error.method
          }
        )
        return Effect.andThen(log, ended)
      }).pipe(
        Effect.timeoutOrElse({ duration: limits.deadline - (yield* Monotonic.millis), orElse: () => ended })
      )
      if (scheduled === null) return yield* error
      const delay = Math.max(scheduled, Math.ceil(RetryAfter.fromReason(error.reason)))
      const now = yield* Monotonic.millis
      if (now + delay >= limits.deadline) return yield* error
      yield* Effect.sleep(delay)
    }
  })
