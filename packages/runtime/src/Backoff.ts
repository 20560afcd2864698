/**
 * How long to wait between tries of what may heal.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

/**
 * Doubling from `base` up to `cap`, and spread by chance. It is `Schedule.min` of an exponential and a spaced schedule,
 * which would load what runs any number of schedules beside each other.
 */
export const capped = (base: Duration.Input, cap: Duration.Input): Schedule.Schedule<Duration.Duration> => {
  const longest = Duration.fromInputUnsafe(cap)
  return Schedule.exponential(base).pipe(
    Schedule.modifyDelay(({ duration }) => Effect.succeed(Duration.min(duration, longest))),
    Schedule.jittered
  )
}
