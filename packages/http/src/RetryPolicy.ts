/**
 * The retry policy of reads and joins: which failures are retried, how often, and how callers that retry on their own
 * turn it off.
 *
 * @since 0.1.0
 */
import * as Backoff from "@effect-signalwire/runtime/Backoff"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Schedule from "effect/Schedule"
import type { SignalWireHttpError } from "./SignalWireHttpError.ts"

/**
 * Whether reads and joins are retried after this failure: if it is retryable, unless it is a failed refresh of the token,
 * since when to refresh again is up to the application.
 */
export const isRetried = ({ isRetryable, reason }: SignalWireHttpError): boolean =>
  isRetryable && reason._tag !== "Unauthorized"

/**
 * The default of the option `retry`: five attempts in all, about 0.25, 0.5, 1 and 2 seconds apart. An attempt never begins
 * before the time that the server asks for, nor after the `deadline`.
 */
export const defaultSchedule: Schedule.Schedule<unknown, SignalWireHttpError> = Backoff.schedule(
  "250 millis",
  "2 seconds"
).pipe(
  Schedule.upTo({ times: 4 })
)

/** How `SignalWireHttp` retries reads and joins. */
export interface RetryPolicy {
  /** Whether they are retried while their failure is retryable, as the options `retry` and `deadline` say. */
  readonly isEnabled: boolean
  /** The time limit for one request in milliseconds, if it is less than the option `timeout`. */
  readonly timeoutMillis: number
}

/** The retry policy in use. @default retries, with the time limit of the option `timeout` */
export const RetryPolicy: Context.Reference<RetryPolicy> = Context.Reference("@effect-signalwire/http/RetryPolicy", {
  defaultValue: (): RetryPolicy => ({ isEnabled: true, timeoutMillis: Number.POSITIVE_INFINITY })
})

/**
 * Runs an effect whose reads and joins are not retried: each fails with its first failure. A request that the server
 * rejects with 401 is still repeated once with a renewed token.
 *
 * `timeoutMillis` is the time limit for one request in milliseconds, if it is less than the option `timeout`.
 *
 * @category combinators
 */
export const withoutRetry: {
  (timeoutMillis?: number): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, timeoutMillis?: number): Effect.Effect<A, E, R>
} = /* @__PURE__ */ dual(
  (args) => Effect.isEffect(args[0]),
  <A, E, R>(self: Effect.Effect<A, E, R>, timeoutMillis = Number.POSITIVE_INFINITY): Effect.Effect<A, E, R> =>
    Effect.provideService(self, RetryPolicy, { isEnabled: false, timeoutMillis })
)
