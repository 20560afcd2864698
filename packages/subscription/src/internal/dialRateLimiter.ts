/**
 * Limits how often a client dials, whatever requests it: backoff, wake signals, a new token, or a caller. A second
 * limit is shared by all clients of a process, so that they do not all dial a recovered server at once.
 */
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import { TokenBucket } from "@effect-signalwire/runtime/TokenBucket"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"

/** How many waits wake signals may end at once. */
const wakeBurst = 3

/** The limit of a process is a hundred dials a second: the milliseconds between two dials. */
const processIntervalMillis = 10
const processBurst = 100

/** One bucket for each clock, since every test has its own clock. */
const processBuckets = new WeakMap<Clock.Clock, TokenBucket>()

const processBucket = (clock: Clock.Clock): TokenBucket => {
  const existing = processBuckets.get(clock)
  if (existing !== undefined) return existing
  const bucket = new TokenBucket(processBurst, processIntervalMillis)
  processBuckets.set(clock, bucket)
  return bucket
}

/** Wraps the wait for a permit, which takes `millis` milliseconds. It is not called if there is no wait. */
export type WrapWait = (wait: Effect.Effect<void>, millis: number) => Effect.Effect<void>

/** Takes a permit, and returns it to the bucket if the wait for it is interrupted. */
const acquire = (
  bucketFor: (clock: Clock.Clock) => TokenBucket,
  wrapWait: WrapWait = identity
): Effect.Effect<void> =>
  Effect.clockWith((clock) => {
    const bucket = bucketFor(clock)
    const millis = bucket.take(Monotonic.millisOf(clock))
    return millis > 0
      ? Effect.onInterrupt(
        wrapWait(Effect.sleep(millis), millis),
        () => Effect.sync(() => bucket.putBack())
      )
      : Effect.void
  })

/** The limits of one client. */
export class DialRateLimiter {
  private readonly dials: TokenBucket
  private readonly wakes: TokenBucket

  constructor(dialsPerMinute: number) {
    const intervalMillis = 60_000 / dialsPerMinute
    this.dials = new TokenBucket(dialsPerMinute, intervalMillis)
    this.wakes = new TokenBucket(wakeBurst, intervalMillis)
  }

  /** Waits until another dial is allowed, by the limits of the client and of the process. */
  acquireDial(wrapWait?: WrapWait): Effect.Effect<void> {
    return Effect.andThen(
      acquire(() => this.dials, wrapWait),
      // interrupted in the second wait, it returns the first permit too
      Effect.onInterrupt(acquire(processBucket, wrapWait), () => Effect.sync(() => this.dials.putBack()))
    )
  }

  /** Waits until another wake signal may end a wait: three at once, then as often as dials are allowed. */
  get acquireWake(): Effect.Effect<void> {
    return acquire(() => this.wakes)
  }
}
