/**
 * Time for measuring durations: it goes on evenly when the system's clock is set, and has no relation to any date.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** The monotonic time of a clock, in milliseconds. Only the difference of two such times means anything. */
export const millisOf = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** The monotonic time of the clock in use, in milliseconds; see {@link millisOf}. */
export const millis: Effect.Effect<number> = /* @__PURE__ */ Effect.map(Clock.Clock, millisOf)
