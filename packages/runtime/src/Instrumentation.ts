/**
 * The spans and logs of a client. Effect programs receive them through Effect's tracer and loggers ({@link effect}).
 * Plain TypeScript receives the warnings through a function, and loads neither tracer nor loggers ({@link warningsOnly}).
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type * as Scope from "effect/Scope"
import type * as Tracer from "effect/Tracer"
import { isTraced, withSpan } from "./Tracing.ts"

/** The options of a span. */
export interface SpanOptions {
  /** The kind of the span. @default "internal" */
  readonly kind?: Tracer.SpanKind | undefined
  /**
   * Whether to make the span even if no tracer exports it, so that its trace context can be sent to the server.
   * @default false
   */
  readonly always?: boolean | undefined
}

/** Attributes of a span, or annotations of a log entry. */
export type Attributes = Readonly<Record<string, unknown>>

/** Receives the spans and logs of a client. */
export interface Instrumentation {
  /** Runs an effect in a span of this name, if a tracer exports spans. */
  readonly span: (name: string, options?: SpanOptions) => <A, E>(self: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** Makes a span of this name that ends with the scope, and returns a function that runs effects in it. */
  readonly spanScoped: (
    name: string
  ) => Effect.Effect<<A, E>(self: Effect.Effect<A, E>) => Effect.Effect<A, E>, never, Scope.Scope>
  /** Adds attributes to the current span. */
  readonly annotate: (attributes: Attributes) => Effect.Effect<void>
  /** The W3C trace context of the current span (a `traceparent` header); `undefined` if there is no span. */
  readonly traceparent: Effect.Effect<string | undefined>
  /** Logs a problem that the client handles by itself. */
  readonly warn: (message: string, details: ReadonlyArray<unknown>, attributes?: Attributes) => Effect.Effect<void>
  /** Logs normal operation, for debugging. */
  readonly debug: (message: string, details: ReadonlyArray<unknown>, attributes?: Attributes) => Effect.Effect<void>
}

/**
 * Ignores an exception of a logger: an operation must not fail because it can't be logged.
 *
 * @category combinators
 */
export const ignoreDefects = (log: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.catchDefect(log, () => Effect.void)

/** Sends spans and logs to Effect's tracer and loggers, those of the fiber that runs the operation. */
export const effect: Instrumentation = {
  span: (name, { always, kind } = {}) => {
    const options: Tracer.SpanOptions = kind === undefined ? {} : { kind }
    return always === true ? Effect.withSpan(name, options) : withSpan(name, options)
  },
  spanScoped: (name) =>
    Effect.withFiber((fiber) =>
      isTraced(fiber)
        ? Effect.map(
          Effect.makeSpanScoped(name),
          (span) => <A, E>(self: Effect.Effect<A, E>) => Effect.withParentSpan(self, span)
        )
        : Effect.succeed(identity)
    ),
  annotate: (attributes) => Effect.annotateCurrentSpan({ ...attributes }),
  // pure, so that bundles that only use `warnings` drop it
  traceparent: /* @__PURE__ */ Effect.match(Effect.currentSpan, {
    onFailure: () => undefined,
    onSuccess: ({ sampled, spanId, traceId }) => `00-${traceId.padStart(32, "0")}-${spanId}-${sampled ? "01" : "00"}`
  }),
  warn: (message, details, attributes = {}) =>
    ignoreDefects(Effect.annotateLogs(Effect.logWarning(message, ...details), { ...attributes })),
  debug: (message, details, attributes = {}) =>
    ignoreDefects(Effect.annotateLogs(Effect.logDebug(message, ...details), { ...attributes }))
}

/** Sends warnings to a function, and discards spans and debug logs. */
export const warningsOnly = (warn: (message: string, ...details: ReadonlyArray<unknown>) => void): Instrumentation => ({
  span: () => identity,
  spanScoped: () => Effect.succeed(identity),
  annotate: () => Effect.void,
  traceparent: Effect.undefined,
  warn: (message, details) => ignoreDefects(Effect.sync(() => warn(message, ...details))),
  debug: () => Effect.void
})
