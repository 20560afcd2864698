/**
 * Spans for those who see them. What is called thousands of times does not make them for nobody: a span, and the stack
 * that Effect takes with it, costs a fifth of the request that it is about.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Tracer from "effect/Tracer"

/** Whether there is a tracer that hands on its spans; Effect's own keeps them to itself. */
export const isTraced = (fiber: Fiber.Fiber<unknown, unknown>): boolean =>
  fiber.getRef(Tracer.Tracer) !== Tracer.nativeTracer

/**
 * Makes a span of this name around an effect where it is observed.
 *
 * @category combinators
 */
export const withSpan =
  (name: string, options?: Tracer.SpanOptions) => <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.withFiber((fiber) => isTraced(fiber) ? Effect.withSpan(self, name, options) : self)
