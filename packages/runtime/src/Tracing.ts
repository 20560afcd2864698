/**
 * Whether spans are worth making. A span, with what is recorded for it, costs a fifth of the time of a request.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import type * as Fiber from "effect/Fiber"
import * as Tracer from "effect/Tracer"

/** Whether the fiber has a tracer that exports spans. Effect's default tracer does not. */
export const isTraced = (fiber: Fiber.Fiber<unknown, unknown>): boolean =>
  fiber.getRef(Tracer.Tracer) !== Tracer.nativeTracer
