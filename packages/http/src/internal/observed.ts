/** Whether anybody sees the spans that are made. */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Tracer from "effect/Tracer"

/** Effect's own tracer hands its spans to nobody: what only a span would tell need not be found out. */
export const isObserved = (fiber: Fiber.Fiber<unknown, unknown>): boolean =>
  fiber.getRef(Tracer.Tracer) !== Tracer.nativeTracer

/** Makes a span of this name, for those who see it: what is called a thousand times does not make it for nobody. */
export const spanned = (name: string) => <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.withFiber((fiber) => isObserved(fiber) ? Effect.withSpan(self, name) : self)
