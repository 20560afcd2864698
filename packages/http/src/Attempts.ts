/**
 * How reads are repeated, for callers that repeat them themselves.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** How a read is repeated. */
export interface Policy {
  /** Whether `SignalWireHttp` repeats it while its failure may recover. */
  readonly repeats: boolean
  /** How long one request may take, in milliseconds, where that is less than the option `timeout`. */
  readonly timeoutMillis: number
}

/** The policy in use for reads. @default repeated, with the option `timeout` */
export const Attempts: Context.Reference<Policy> = Context.Reference("@effect-signalwire/http/Attempts", {
  defaultValue: (): Policy => ({ repeats: true, timeoutMillis: Number.POSITIVE_INFINITY })
})

/**
 * Runs an effect whose reads make one request each: the first failure is the result. `timeoutMillis` is how long a
 * request may take, where that is less than the option `timeout`. A request that is refused with 401 is still repeated
 * once with another token.
 *
 * @category combinators
 */
export const once = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  timeoutMillis = Number.POSITIVE_INFINITY
): Effect.Effect<A, E, R> => Effect.provideService(self, Attempts, { repeats: false, timeoutMillis })
