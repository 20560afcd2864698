/** Spans and logs that go to Effect's tracer and loggers. */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Tracer from "effect/Tracer"
import { errorType, names } from "../SemanticConventions.ts"
import { catchUnexpected } from "../Thrown.ts"
import { isTraced } from "../Tracing.ts"

/** Ignores an exception of a logger or tracer: an operation must not fail because it can't be observed. */
export const ignoreDefects = (log: Effect.Effect<void>): Effect.Effect<void> => catchUnexpected(log, () => Effect.void)

/** Names what an operation failed with. */
const annotateError = <A, E, R>(self: Effect.Effect<A, E, R>, span: Tracer.Span): Effect.Effect<A, E, R> =>
  Effect.onError(self, (cause) =>
    ignoreDefects(Effect.sync(() => {
      const type = errorType(cause)
      if (type !== undefined) span.attribute(names.errorType, type)
    })))

/** Logs an entry with annotations. */
export const annotated = (log: Effect.Effect<void>, attributes: Record<string, unknown>): Effect.Effect<void> =>
  ignoreDefects(Effect.annotateLogs(log, attributes))

/** Runs an effect in a span. */
export const runInSpan = <A, E, R>(self: Effect.Effect<A, E, R>, span: Tracer.Span): Effect.Effect<A, E, R> =>
  // without a location, which would be one of this package
  Effect.withParentSpan(annotateError(self, span), span, { captureStackTrace: false })

/** The span of ours that a tracer exports. Without such a tracer, the current span is one of the program. */
export const exportedSpan = (fiber: Fiber.Fiber<unknown, unknown>): Tracer.Span | undefined => {
  const { span } = fiber.cache
  return isTraced(fiber) && span?._tag === "Span" ? span : undefined
}
