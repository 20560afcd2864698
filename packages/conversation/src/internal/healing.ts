/**
 * Waiting for what failed to heal: with growing pauses, as long as a server asks for, and not beyond the moment when
 * something says that it may work now.
 */
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as RetryAfter from "@effect-signalwire/runtime/RetryAfter"
import { TokenBucket } from "@effect-signalwire/runtime/TokenBucket"
import type { Reason } from "@effect-signalwire/schema/Reason"
import type { Service as Subscription } from "@effect-signalwire/subscription/Subscription"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

/**
 * So many signals may end pauses at once, and one more each interval: platforms may signal without end. What is signalled
 * to many pauses within a moment is one signal. Milliseconds.
 */
const chances = 3
const chanceInterval = 5000
const moment = 100

/** A first pause, which doubles each time, and the longest one. Milliseconds. */
type Pauses = readonly [first: number, longest: number]

/** How long a token that was refused is left alone, unless it is replaced: where another one may be had, and where not. */
const refreshing: Pauses = [2000, 30_000]
const refused: Pauses = [5000, 300_000]

export interface Pause {
  /** How often it has failed in a row, this time not counted. */
  readonly attempt: number
  /** How long the last attempt took, which counts as waiting. Milliseconds. */
  readonly tookMillis: number
  /** The longest pause of its own, but for the quarter that chance may add. Milliseconds. */
  readonly capMillis: number
}

/** The first pause is as long, each one after it twice that. Milliseconds. */
const base = 500

/** Those whom a server sends away together do not come back together. Milliseconds. */
const spread = 1000

/** What the server asks for between two tries, as far as it is honoured. Milliseconds. */
export const askedMillis = (reason: Reason): number =>
  reason._tag === "RateLimited" ? RetryAfter.capped(reason.retryAfterMillis ?? 0) : 0

const pausesOf = (reason: Reason): Pauses | undefined => {
  if (reason._tag !== "Unauthorized") return undefined
  return reason.isRetryable ? refreshing : refused
}

/** Counts failures in a row: refused tokens for themselves, as another one may come at any time, however long all else took. */
export class Failures {
  private refusals = 0
  private others = 0

  /** How often it has failed before this time. */
  next(reason: Reason): number {
    return reason._tag === "Unauthorized" ? this.refusals++ : this.others++
  }
}

export class Healing {
  private readonly subscription: Pick<Subscription, "awaitWake">
  private readonly early = new TokenBucket(chances, chanceInterval)
  /** When something was signalled last, and when pauses may end for it, by the monotonic clock. */
  private signalledAt = Number.NEGATIVE_INFINITY
  private endAt = Number.NEGATIVE_INFINITY

  constructor(subscription: Pick<Subscription, "awaitWake">) {
    this.subscription = subscription
  }

  /** Waits until what failed for a reason may be tried again. */
  pause(reason: Reason, { attempt, capMillis, tookMillis }: Pause): Effect.Effect<void> {
    const asked = askedMillis(reason)
    // a server that says when is not asked before
    if (asked > 0) return Effect.flatMap(Random.next, (chance) => Effect.sleep(asked + chance * spread))
    const [first, longest] = pausesOf(reason) ?? [base, capMillis]
    return Effect.flatMap(Random.next, (chance) => {
      const own = Math.min(longest, first * 2 ** Math.min(attempt, 20)) * (1 + chance / 4)
      return Effect.raceFirst(Effect.sleep(Math.max(own - tookMillis, base / 5)), this.chance)
    })
  }

  private get chance(): Effect.Effect<void> {
    return Effect.andThen(
      this.subscription.awaitWake,
      Effect.flatMap(Monotonic.millis, (now) => Effect.sleep(this.signalled(now)))
    )
  }

  /** How long a pause still has to wait that something was signalled to. */
  private signalled(now: number): number {
    if (now - this.signalledAt > moment) {
      this.signalledAt = now
      this.endAt = now + this.early.take(now)
    }
    return Math.max(0, this.endAt - now)
  }
}
