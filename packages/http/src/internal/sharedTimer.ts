/**
 * One timer for all time limits under a clock. Most time limits are cancelled long before they expire, and starting and
 * stopping a platform timer for each would cost more than all the rest.
 */
import { millisOf } from "@effect-signalwire/runtime/Monotonic"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Scheduler from "effect/Scheduler"

/** A time limit. */
export interface Entry {
  /** When it expires: milliseconds of the monotonic clock. */
  readonly at: number
  /** Called when it has expired. */
  readonly fire: () => void
}

export interface SharedTimer {
  /** The monotonic time, in milliseconds. */
  readonly now: () => number
  readonly add: (entry: Entry, scheduler: Scheduler.Scheduler) => void
  readonly remove: (entry: Entry) => void
  /** Stops the timer immediately if no entry is left. */
  readonly stopIfIdle: () => void
}

/**
 * The longest time that the timer sleeps at once, in milliseconds. When the last entry is removed, the timer continues
 * for up to this time, since the next entry is usually added soon after.
 */
const maxSleepMillis = 100

const make = (clock: Clock.Clock): SharedTimer => {
  const entries = new Set<Entry>()
  const now = () => millisOf(clock)
  let wakesAt = Number.POSITIVE_INFINITY
  let sleeper: Fiber.Fiber<void> | undefined

  const sleep = Effect.suspend(() => clock.sleep(Duration.millis(wakesAt - now())))

  const stop = () => {
    sleeper?.interruptUnsafe()
    sleeper = undefined
    wakesAt = Number.POSITIVE_INFINITY
  }

  /** Fires all entries that have expired. An entry that fires may add others, and remove ones that have expired too. */
  const fireExpired = () => {
    const time = now()
    const expired: Array<Entry> = []
    wakesAt = time + maxSleepMillis
    for (const entry of entries) {
      if (entry.at <= time) expired.push(entry)
      else wakesAt = Math.min(wakesAt, entry.at)
    }
    for (const entry of expired) {
      if (!entries.delete(entry)) continue
      try {
        entry.fire()
      } catch {
        // an exception in one entry must not keep the others from firing
      }
    }
  }

  const run: Effect.Effect<void> = Effect.flatMap(sleep, () => {
    fireExpired()
    if (entries.size > 0) return run
    stop()
    return Effect.void
  })

  return {
    now,
    add: (entry, scheduler) => {
      entries.add(entry)
      if (entry.at >= wakesAt) return
      stop()
      wakesAt = Math.min(entry.at, now() + maxSleepMillis)
      sleeper = Effect.runFork(run, { scheduler })
    },
    remove: (entry) => void entries.delete(entry),
    stopIfIdle: () => {
      if (entries.size === 0) stop()
    }
  }
}

const timers = new WeakMap<Clock.Clock, SharedTimer>()

/** Returns the timer that all limits under a clock share. */
export const forClock = (clock: Clock.Clock): SharedTimer => {
  const existing = timers.get(clock)
  if (existing !== undefined) return existing
  const timer = make(clock)
  timers.set(clock, timer)
  return timer
}
