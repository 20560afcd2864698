/**
 * How reads are tried, for those who try them again themselves.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** How a read is tried. */
export interface Policy {
  /** Whether this layer tries it again. */
  readonly repeats: boolean
  /** How long one request may take at most, in milliseconds, where that is less than the layer's own limit. */
  readonly timeoutMillis: number
}

/** How reads are tried. */
export const Attempts: Context.Reference<Policy> = Context.Reference("@effect-signalwire/http/Attempts", {
  defaultValue: (): Policy => ({ repeats: true, timeoutMillis: Number.POSITIVE_INFINITY })
})

/**
 * Runs reads with one request each: the first failure is the result. A request may take so many milliseconds.
 *
 * @category combinators
 */
export const once = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  timeoutMillis = Number.POSITIVE_INFINITY
): Effect.Effect<A, E, R> => Effect.provideService(self, Attempts, { repeats: false, timeoutMillis })
