/**
 * Monotonic time, for measuring durations: it is not affected when the system's clock is set.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** Returns the monotonic time of a clock, in milliseconds. Only differences between two such times are meaningful. */
export const millisOf = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** The monotonic time of the current clock, in milliseconds; see {@link millisOf}. */
export const millis: Effect.Effect<number> = /* @__PURE__ */ Effect.map(Clock.Clock, millisOf)
