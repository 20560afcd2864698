/**
 * Time limits for operations that are frequent and rarely reach them. `Effect.timeout` runs the operation and a timer
 * as fibers of their own, and takes 8 µs where {@link callback} takes 1.1 µs. All limits under one clock share a timer,
 * and the limit of a callback needs no fiber.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import * as SharedTimer from "./internal/sharedTimer.ts"

/**
 * Makes an effect from a callback, like `Effect.callback`, with a time limit: after `millis` milliseconds it continues
 * with `orElse` instead. The signal is aborted at the time limit, and when the effect is interrupted. With a limit of 0
 * or less, only `orElse` runs.
 *
 * @category constructors
 */
export const callback = <A, E, B, E2>(
  register: (resume: (effect: Effect.Effect<A, E>) => void, signal: AbortSignal) => void,
  millis: number,
  orElse: Effect.Effect<B, E2>
): Effect.Effect<A | B, E | E2> =>
  millis <= 0 ?
    orElse :
    Effect.withFiber((fiber) =>
      Effect.callback<A | B, E | E2>((resume) => {
        const timer = SharedTimer.forClock(fiber.getRef(Clock.Clock))
        const controller = new AbortController()
        const limit: SharedTimer.Entry = {
          at: timer.now() + millis,
          fire: () => {
            controller.abort()
            resume(orElse)
          }
        }
        timer.add(limit, fiber.getRef(Scheduler.Scheduler))
        register((effect) => {
          timer.remove(limit)
          resume(effect)
        }, controller.signal)
        return Effect.sync(() => {
          timer.remove(limit)
          timer.stopIfIdle()
          controller.abort()
        })
      })
    )

/** A time limit, with the effect to run once it is reached. */
export interface Timeout<out A, out E = never, out R = never> {
  /** When the limit is reached: milliseconds of the monotonic clock. */
  readonly at: number
  /** The effect that starts then. */
  readonly other: Effect.Effect<A, E, R>
}

/**
 * Makes a time limit that is reached in `millis` milliseconds. Several steps that share one limit get the same value.
 *
 * @category constructors
 */
export const after = <A, E, R>(
  clock: Clock.Clock,
  millis: number,
  other: Effect.Effect<A, E, R>
): Timeout<A, E, R> => ({ at: SharedTimer.forClock(clock).now() + millis, other })

/**
 * Runs an effect with time limits. When one is reached, its effect starts and runs concurrently. The first effect to
 * complete determines the result, and the others are interrupted. If a limit is already reached at the start, only its
 * effect runs.
 *
 * @category combinators
 */
export const timeoutAt = <A, E, R, B, E2, R2>(
  self: Effect.Effect<A, E, R>,
  timeouts: ReadonlyArray<Timeout<B, E2, R2>>
): Effect.Effect<A | B, E | E2, R | R2> =>
  Effect.contextWith((context: Context.Context<R | R2>): Effect.Effect<A | B, E | E2, R | R2> => {
    const timer = SharedTimer.forClock(Context.get(context, Clock.Clock))
    const startedAt = timer.now()
    const reached = timeouts.find(({ at }) => at <= startedAt)
    if (reached !== undefined) return reached.other
    return Effect.callback<A | B, E | E2>((resume) => {
      const fork = Effect.runForkWith(context)
      const fibers: Array<Fiber.Fiber<A | B, E | E2>> = []
      const start = (effect: Effect.Effect<A | B, E | E2, R | R2>) => {
        const fiber = fork(effect)
        fibers.push(fiber)
        fiber.addObserver((exit) => {
          entries.forEach(timer.remove)
          resume(fibers.length === 1 ? exit : Effect.andThen(Fiber.interruptAll(fibers), exit))
        })
      }
      const entries = timeouts.map(({ at, other }): SharedTimer.Entry => ({ at, fire: () => start(other) }))
      for (const entry of entries) timer.add(entry, Context.get(context, Scheduler.Scheduler))
      start(self)
      return Effect.suspend(() => {
        entries.forEach(timer.remove)
        timer.stopIfIdle()
        return Fiber.interruptAll(fibers)
      })
    })
  })

/**
 * Runs an effect, and after `millis` milliseconds also `other`, concurrently. The first to complete determines the
 * result, and the other is interrupted. With a failure for `other` it is a timeout.
 *
 * @category combinators
 */
export const timeoutAfter = <A, E, R, B, E2, R2>(
  self: Effect.Effect<A, E, R>,
  millis: number,
  other: Effect.Effect<B, E2, R2>
): Effect.Effect<A | B, E | E2, R | R2> => Effect.clockWith((clock) => timeoutAt(self, [after(clock, millis, other)]))
