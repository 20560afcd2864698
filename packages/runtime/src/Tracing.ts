/**
 * Spans that are made only if a tracer exports them. A span, with the stack trace that Effect captures for it, costs a
 * fifth of the time of a request.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Tracer from "effect/Tracer"

/** Whether the fiber has a tracer that exports spans. Effect's default tracer does not. */
export const isTraced = (fiber: Fiber.Fiber<unknown, unknown>): boolean =>
  fiber.getRef(Tracer.Tracer) !== Tracer.nativeTracer

/**
 * Runs an effect in a span of this name, if the fiber has a tracer that exports spans.
 *
 * @category combinators
 */
export const withSpan =
  (name: string, options?: Tracer.SpanOptions) => <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.withFiber((fiber) => isTraced(fiber) ? Effect.withSpan(self, name, options) : self)
