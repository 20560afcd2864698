/** The delays between dials. */
import * as Backoff from "@effect-signalwire/runtime/Backoff"
import type { Reason } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Schedule from "effect/Schedule"

/**
 * Returns the delay before the next attempt, in milliseconds, or `null` if there is none. `attempt` is how many failures
 * in a row came before this one; with 0 the delays start over.
 */
export type NextDelay = (attempt: number, reason: Reason) => Effect.Effect<number | null>

/** Exponential delays with full jitter. */
export const exponential = (bounds: Backoff.Bounds): NextDelay => (attempt) =>
  Effect.map(Random.next, (random) => Backoff.delayMillis({ ...bounds, attempt, random }))

/** The delays of a schedule, until it ends. */
export const scheduled = (schedule: Schedule.Schedule<unknown, Reason>): NextDelay => {
  let next: Effect.Success<ReturnType<typeof Backoff.start<Reason>>> | undefined
  return Effect.fnUntraced(function*(attempt, reason) {
    if (next === undefined || attempt === 0) next = yield* Backoff.start(schedule)
    return yield* next(reason)
  })
}
