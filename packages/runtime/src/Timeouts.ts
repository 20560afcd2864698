/**
 * Time limits for what hardly ever reaches them. An `Effect.timeout` runs what it limits, and a timer, as fibers of their
 * own, and costs a third of the request that it is put around; here all who wait under one clock share a timer, limits
 * around limits can share a fiber, and what is told by a callback needs none.
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

  /** Rings for all whose time has come. One who is told may bring another to wait, and take back one that is due. */
  const look = () => {
    const time = now()
    const due: Array<Waiter> = []
    wakesAt = time + nap
    for (const waiter of waiters) {
      if (waiter.at <= time) due.push(waiter)
      else wakesAt = Math.min(wakesAt, waiter.at)
    }
    for (const waiter of due) {
      if (!waiters.delete(waiter)) continue
      try {
        waiter.ring()
      } catch {
        // what one does with its time takes that of no other
      }
    }
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

/** What is done as well once it is so late. */
export interface Timeout<out A, out E = never, out R = never> {
  /** When: milliseconds of the clock that never jump. */
  readonly at: number
  /** What is done then. */
  readonly other: Effect.Effect<A, E, R>
}

/**
 * An alarm so many milliseconds from now. What is done in steps is held to one limit by handing on one alarm.
 *
 * @category constructors
 */
export const after = <A, E, R>(
  clock: Clock.Clock,
  millis: number,
  other: Effect.Effect<A, E, R>
): Timeout<A, E, R> => ({ at: timerOf(clock).now() + millis, other })

/**
 * Does other things as well once an effect takes until their time; whichever ends first is what comes of it, and the rest
 * is interrupted. Where it is too late already, nothing is begun but what was to be done then.
 *
 * @category combinators
 */
export const timeoutAt = <A, E, R, B, E2, R2>(
  self: Effect.Effect<A, E, R>,
  alarms: ReadonlyArray<Timeout<B, E2, R2>>
): Effect.Effect<A | B, E | E2, R | R2> =>
  Effect.contextWith((context: Context.Context<R | R2>): Effect.Effect<A | B, E | E2, R | R2> => {
    const timer = timerOf(Context.get(context, Clock.Clock))
    const begun = timer.now()
    const late = alarms.find(({ at }) => at <= begun)
    if (late !== undefined) return late.other
    return Effect.callback<A | B, E | E2>((resume) => {
      const fork = Effect.runForkWith(context)
      const fibers: Array<Fiber.Fiber<A | B, E | E2>> = []
      const begin = (effect: Effect.Effect<A | B, E | E2, R | R2>) => {
        const fiber = fork(effect)
        fibers.push(fiber)
        fiber.addObserver((exit) => {
          waiters.forEach(timer.remove)
          resume(fibers.length === 1 ? exit : Effect.andThen(Fiber.interruptAll(fibers), exit))
        })
      }
      const waiters = alarms.map(({ at, other }): Waiter => ({ at, ring: () => begin(other) }))
      for (const waiter of waiters) timer.add(waiter, Context.get(context, Scheduler.Scheduler))
      begin(self)
      return Effect.suspend(() => {
        waiters.forEach(timer.remove)
        timer.rest()
        return Fiber.interruptAll(fibers)
      })
    })
  })

/**
 * Does something else as well once an effect has taken so many milliseconds; whichever ends first is what comes of it,
 * and the other is interrupted. With a failure for `other` it is a timeout.
 *
 * @category combinators
 */
export const timeoutAfter = <A, E, R, B, E2, R2>(
  self: Effect.Effect<A, E, R>,
  millis: number,
  other: Effect.Effect<B, E2, R2>
): Effect.Effect<A | B, E | E2, R | R2> => Effect.clockWith((clock) => timeoutAt(self, [after(clock, millis, other)]))

/**
 * An `Effect.callback` that ends with something else instead once it has taken so many milliseconds. Then, and when it is
 * interrupted, its signal is aborted.
 *
 * @category constructors
 */
export const callback = <A, E, B, E2>(
  register: (resume: (effect: Effect.Effect<A, E>) => void, signal: AbortSignal) => void,
  millis: number,
  other: Effect.Effect<B, E2>
): Effect.Effect<A | B, E | E2> =>
  millis <= 0 ?
    other :
    Effect.withFiber((fiber) =>
      Effect.callback<A | B, E | E2>((resume) => {
        const timer = timerOf(fiber.getRef(Clock.Clock))
        const controller = new AbortController()
        const waiter: Waiter = {
          at: timer.now() + millis,
          ring: () => {
            controller.abort()
            resume(other)
          }
        }
        timer.add(waiter, fiber.getRef(Scheduler.Scheduler))
        register((effect) => {
          timer.remove(waiter)
          resume(effect)
        }, controller.signal)
        return Effect.sync(() => {
          timer.remove(waiter)
          timer.rest()
          controller.abort()
        })
      })
    )
