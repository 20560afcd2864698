/**
 * What is retried, and how long to wait before each retry: the one place for both, for reads of history and for sends.
 *
 * | Operation                            | Failures that are retried                         | Until                    |
 * | ------------------------------------ | ------------------------------------------------- | ------------------------ |
 * | reads of subscriptions and timelines | {@link isRecoverable}                             | success, or `Closed`     |
 * | lookups of a sent message            | {@link isRecoverable}                             | success, or the deadline |
 * | `sendMessage`                        | after which the message is known not to be stored | success, or the deadline |
 * | outbox                               | the same, and {@link isRecoverable}               | success                  |
 *
 * Whether a message is stored after a failure is decided by `deliveryStatus.ts` and, if that is unknown, a lookup.
 */
import * as Backoff from "@effect-signalwire/runtime/Backoff"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as RetryAfter from "@effect-signalwire/runtime/RetryAfter"
import { TokenBucket } from "@effect-signalwire/runtime/TokenBucket"
import type { Reason } from "@effect-signalwire/schema/Reason"
import type { Service as Subscription } from "@effect-signalwire/subscription/Subscription"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import type { UnderlyingError } from "../ConversationError.ts"

/** The first and the longest delay, in milliseconds; each delay is twice the one before it. */
type DelayRange = readonly [first: number, longest: number]

/** After a refused token: where a refresh may provide another one, and where only a new client or a wake signal can. */
const refreshableToken: DelayRange = [2000, 30_000]
const refusedToken: DelayRange = [5000, 300_000]

const firstDelay = 500
const shortestDelay = firstDelay / 5

/** The retries of clients that a server rejected at the same moment are spread over this time. Milliseconds. */
const retryAfterSpread = 1000

/**
 * Wake signals end this many delays early, and one more each interval, since platforms may signal without limit.
 * Signals and waits within the window count as one. Milliseconds.
 */
const earlyRetries = 3
const earlyRetryInterval = 5000
const wakeWindow = 100

/** An attempt that failed. */
export interface FailedAttempt {
  /** How many attempts in a row failed before this one. */
  readonly attempt: number
  /** How long the attempt took, which counts as waiting. Milliseconds. */
  readonly tookMillis: number
  /** The longest delay in milliseconds; jitter may add up to a quarter. */
  readonly capMillis: number
}

const tokenDelays = (reason: Reason): DelayRange | undefined => {
  if (reason._tag !== "Unauthorized") return undefined
  return reason.isRetryable ? refreshableToken : refusedToken
}

/**
 * Counts failures in a row. Refused tokens are counted apart from all other failures: a token may be replaced at any
 * time, however long an outage lasted before.
 */
export class FailureCounter {
  private refusedTokens = 0
  private others = 0

  /** Counts a failure; returns how many there were before it. */
  next(reason: Reason): number {
    return reason._tag === "Unauthorized" ? this.refusedTokens++ : this.others++
  }
}

/** What a retried effect does, and what happens when it fails. */
export interface RetryOptions<A, E extends UnderlyingError, E2> {
  /** Runs once for each attempt. */
  readonly attempt: Effect.Effect<A, E>
  /** Runs after a failed attempt: fails to give up, or returns the longest delay in milliseconds. */
  readonly onFailure: (error: E) => Effect.Effect<number, E2>
}

/** The delays of one client, which share the limit on early retries. */
export class Retrier {
  private readonly subscription: Pick<Subscription, "awaitWake">
  private readonly earlyRetries = new TokenBucket(earlyRetries, earlyRetryInterval)
  /** When the last wake signal came, and when delays end because of it, on the monotonic clock. */
  private wokenAt = Number.NEGATIVE_INFINITY
  private retryAt = Number.NEGATIVE_INFINITY

  constructor(subscription: Pick<Subscription, "awaitWake">) {
    this.subscription = subscription
  }

  /** Repeats an effect, with a delay after each failure, until it succeeds or `onFailure` fails. */
  retry<A, E extends UnderlyingError, E2>({ attempt, onFailure }: RetryOptions<A, E, E2>): Effect.Effect<A, E2> {
    return Effect.gen({ self: this }, function*() {
      const failures = new FailureCounter()
      while (true) {
        const startedAt = yield* Monotonic.millis
        const result = yield* Effect.result(attempt)
        if (Result.isSuccess(result)) return result.success
        const { reason } = result.failure
        const capMillis = yield* onFailure(result.failure)
        const tookMillis = (yield* Monotonic.millis) - startedAt
        yield* this.wait(reason, { attempt: failures.next(reason), tookMillis, capMillis })
      }
    })
  }

  /**
   * Waits before the next attempt: for as long as the server asks for, or else with exponential delays that a wake
   * signal ends early.
   */
  wait(reason: Reason, { attempt, capMillis, tookMillis }: FailedAttempt): Effect.Effect<void> {
    const retryAfter = RetryAfter.fromReason(reason)
    if (retryAfter > 0) {
      return Effect.flatMap(Random.next, (random) => Effect.sleep(retryAfter + random * retryAfterSpread))
    }
    const [first, longest] = tokenDelays(reason) ?? [firstDelay, capMillis]
    return Effect.flatMap(Random.next, (random) => {
      const delay = Backoff.delayMillis({ baseMillis: first, capMillis: longest, attempt }) * (1 + random / 4)
      return Effect.raceFirst(Effect.sleep(Math.max(delay - tookMillis, shortestDelay)), this.awaitEarlyRetry)
    })
  }

  private get awaitEarlyRetry(): Effect.Effect<void> {
    return Effect.andThen(
      this.subscription.awaitWake,
      Effect.flatMap(Monotonic.millis, (now) => Effect.sleep(this.earlyRetryDelay(now)))
    )
  }

  /** How long a delay that received a wake signal now has to last, in milliseconds. */
  private earlyRetryDelay(now: number): number {
    if (now - this.wokenAt > wakeWindow) {
      this.wokenAt = now
      this.retryAt = now + this.earlyRetries.take(now)
    }
    return Math.max(0, this.retryAt - now)
  }
}
