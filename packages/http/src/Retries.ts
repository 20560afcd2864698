/**
 * Reads that are not tried again by this layer, for those who try them again themselves.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** Whether reads are tried again. */
export const Retries: Context.Reference<boolean> = Context.Reference("@effect-signalwire/http/Retries", {
  defaultValue: () => true
})

/**
 * Runs reads with one request each: the first failure is the result.
 *
 * @category combinators
 */
export const once: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = /* @__PURE__ */ Effect
  .provideService(Retries, false)
