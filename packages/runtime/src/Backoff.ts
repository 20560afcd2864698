/**
 * How long to wait between the attempts of an operation that may recover: exponential backoff with a cap and jitter.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"

/** The bounds of the delays, in milliseconds. */
export interface Bounds {
  /** The delay after the first failure. */
  readonly baseMillis: number
  /** The longest delay. */
  readonly capMillis: number
}

/** The parameters of {@link delayMillis}. */
export interface Options extends Bounds {
  /** How many failures in a row came before this one: 0 after the first failure. */
  readonly attempt: number
  /**
   * The fraction of the delay to wait, from 0 to 1. A random number is full jitter, which spreads clients that failed
   * together over the whole delay; `(1 + random) / 2` keeps at least half of the delay. @default 1, no jitter
   */
  readonly random?: number | undefined
}

/**
 * Computes the delay before the next attempt, in whole milliseconds: `baseMillis * 2 ** attempt`, at most
 * `capMillis`, times `random`.
 *
 * ```ts
 * import * as Backoff from "@effect-signalwire/runtime/Backoff"
 * import * as Effect from "effect/Effect"
 * import * as Random from "effect/Random"
 *
 * const pause = (attempt: number) =>
 *   Effect.flatMap(Random.next, (random) =>
 *     Effect.sleep(Backoff.delayMillis({ baseMillis: 500, capMillis: 30_000, attempt, random })))
 * ```
 */
export const delayMillis = ({ attempt, baseMillis, capMillis, random = 1 }: Options): number =>
  // a power that overflows to Infinity would make NaN of a base of 0
  Math.round(random * Math.min(capMillis, baseMillis * Math.min(2 ** attempt, Number.MAX_VALUE)))

/**
 * Makes a schedule without an end whose delays double from `base` to `cap`, each with 20 % of jitter in either
 * direction.
 *
 * It is smaller than `Schedule.min` of an exponential and a spaced schedule, which browsers would load.
 */
export const schedule = (base: Duration.Input, cap: Duration.Input): Schedule.Schedule<number> => {
  const baseMillis = Duration.toMillis(base)
  const capMillis = Duration.toMillis(cap)
  return Schedule.forever.pipe(
    Schedule.modifyDelay(({ attempt }) =>
      // a schedule counts its attempts from 1
      Effect.succeed(delayMillis({ baseMillis, capMillis, attempt: attempt - 1 }))
    ),
    Schedule.jittered
  )
}

/**
 * Starts a schedule. The function that results takes the next input, and returns the delay in whole milliseconds, or
 * `null` once the schedule has ended.
 */
export const start = <Input>(
  schedule: Schedule.Schedule<unknown, Input>
): Effect.Effect<(input: Input) => Effect.Effect<number | null>> =>
  Effect.map(
    Schedule.toStep(schedule),
    (step) => (input) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Pull.matchEffect(step(now, input), {
          onSuccess: ([, delay]) => Effect.succeed(Math.ceil(Duration.toMillis(delay))),
          onFailure: Effect.failCause,
          onDone: () => Effect.succeed(null)
        }))
  )
