/**
 * Time limits for what hardly ever reaches them. An `Effect.timeout` runs what it limits, and a timer, as fibers of their
 * own, and costs a third of the request that it is put around; here all who wait under one clock share a timer.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"

/** Someone to be told, and when: milliseconds of the clock, which never jump. */
interface Waiter {
  readonly at: number
  readonly ring: () => void
}

interface Timer {
  readonly now: () => number
  readonly add: (waiter: Waiter, scheduler: Scheduler.Scheduler) => void
  readonly remove: (waiter: Waiter) => void
  /** Ends it at once unless somebody waits. */
  readonly rest: () => void
}

/**
 * How long the timer sleeps at most. It is not called off when the last who waited goes, for that and to set it again
 * costs more than all the rest, and another is most often right behind: so long it may outlive them.
 */
const nap = 100

const makeTimer = (clock: Clock.Clock): Timer => {
  const waiters = new Set<Waiter>()
  const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  let wakesAt = Number.POSITIVE_INFINITY
  let sleeper: Fiber.Fiber<void> | undefined

  const sleep = Effect.suspend(() => clock.sleep(Duration.millis(wakesAt - now())))

  const stop = () => {
    sleeper?.interruptUnsafe()
    sleeper = undefined
    wakesAt = Number.POSITIVE_INFINITY
  }

  /** Rings for all whose time has come. One who is told may bring another to wait. */
  const look = () => {
    const time = now()
    const due: Array<Waiter> = []
    wakesAt = time + nap
    for (const waiter of waiters) {
      if (waiter.at <= time) due.push(waiter)
      else wakesAt = Math.min(wakesAt, waiter.at)
    }
    for (const waiter of due) waiters.delete(waiter)
    for (const { ring } of due) ring()
  }

  const watch: Effect.Effect<void> = Effect.flatMap(sleep, () => {
    look()
    if (waiters.size > 0) return watch
    stop()
    return Effect.void
  })

  return {
    now,
    add: (waiter, scheduler) => {
      waiters.add(waiter)
      if (waiter.at >= wakesAt) return
      stop()
      wakesAt = Math.min(waiter.at, now() + nap)
      sleeper = Effect.runFork(watch, { scheduler })
    },
    remove: (waiter) => void waiters.delete(waiter),
    rest: () => {
      if (waiters.size === 0) stop()
    }
  }
}

const timers = new WeakMap<Clock.Clock, Timer>()

const timerOf = (clock: Clock.Clock): Timer => {
  const known = timers.get(clock)
  if (known !== undefined) return known
  const timer = makeTimer(clock)
  timers.set(clock, timer)
  return timer
}

/**
 * Does something else as well once an effect has taken so many milliseconds; whichever ends first is what comes of it,
 * and the other is interrupted. With a failure for `other` it is a timeout.
 *
 * @category combinators
 */
export const orAfter = <A, E, R, B, E2, R2>(
  self: Effect.Effect<A, E, R>,
  millis: number,
  other: Effect.Effect<B, E2, R2>
): Effect.Effect<A | B, E | E2, R | R2> =>
  millis <= 0 ?
    other :
    Effect.contextWith((context: Context.Context<R | R2>) =>
      Effect.callback<A | B, E | E2>((resume) => {
        const fork = Effect.runForkWith(context)
        const timer = timerOf(Context.get(context, Clock.Clock))
        const first = fork(self)
        let second: Fiber.Fiber<B, E2> | undefined
        const waiter: Waiter = {
          at: timer.now() + millis,
          ring: () => {
            second = fork(other)
            second.addObserver((exit) => resume(Effect.andThen(Fiber.interrupt(first), exit)))
          }
        }
        timer.add(waiter, Context.get(context, Scheduler.Scheduler))
        first.addObserver((exit) => {
          timer.remove(waiter)
          resume(second === undefined ? exit : Effect.andThen(Fiber.interrupt(second), exit))
        })
        return Effect.suspend(() => {
          timer.remove(waiter)
          timer.rest()
          return Fiber.interruptAll(second === undefined ? [first] : [first, second])
        })
      })
    )
