/**
 * How often a client dials at most, whatever asks for it: backoff, wake signals, another token, or a caller. All clients
 * of a process share one more limit, so that those which lost a server together do not come back together.
 */
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import { TokenBucket } from "@effect-signalwire/runtime/TokenBucket"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"

/** A wake signal may end this many waits at once, and one more for each dial that the long run allows. */
const wakeBurst = 3

/** A hundred dials a second. */
const processInterval = 10
const processBurst = 100

/** One for each clock: tests have clocks of their own. */
const processes = new WeakMap<Clock.Clock, TokenBucket>()

const processLimit = (clock: Clock.Clock): TokenBucket => {
  const known = processes.get(clock)
  if (known !== undefined) return known
  const limit = new TokenBucket(processBurst, processInterval)
  processes.set(clock, limit)
  return limit
}

/** Goes around a wait of so many milliseconds. */
type Around = (wait: Effect.Effect<void>, millis: number) => Effect.Effect<void>

const waitFor = (
  limit: (clock: Clock.Clock) => TokenBucket,
  around: Around = identity
): Effect.Effect<void> =>
  Effect.clockWith((clock) => {
    const bucket = limit(clock)
    const millis = bucket.take(Monotonic.millisOf(clock))
    return millis > 0
      ? Effect.onInterrupt(
        around(Effect.sleep(millis), millis),
        () => Effect.sync(() => bucket.putBack())
      )
      : Effect.void
  })

/** The limits of one client. */
export class DialLimit {
  private readonly dials: TokenBucket
  private readonly wakes: TokenBucket

  constructor(perMinute: number) {
    this.dials = new TokenBucket(perMinute, 60_000 / perMinute)
    this.wakes = new TokenBucket(wakeBurst, 60_000 / perMinute)
  }

  /** Waits until another dial may begin. */
  dial(around?: Around): Effect.Effect<void> {
    return Effect.andThen(waitFor(() => this.dials, around), waitFor(processLimit, around))
  }

  /** Waits until another wake signal may end a wait. */
  get wake(): Effect.Effect<void> {
    return waitFor(() => this.wakes)
  }
}
