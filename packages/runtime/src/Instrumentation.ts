/**
 * What a client tells of what it does, and to whom: spans and logs. Programs of Effect have both from Effect's own tracer
 * and loggers ({@link effect}); plain TypeScript has its logger told of warnings, and loads neither ({@link warnings}).
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type * as Scope from "effect/Scope"
import type * as Tracer from "effect/Tracer"
import { isTraced, withSpan } from "./Tracing.ts"

/** What a span is made with. */
export interface SpanOptions {
  /** @default "internal" */
  readonly kind?: Tracer.SpanKind | undefined
  /** Makes one also where there is nobody who sees it: somebody else may be told of it. */
  readonly always?: boolean | undefined
}

/** Facts about what is told, by name. */
export type Attributes = Readonly<Record<string, unknown>>

/** To whom it is told. */
export interface Instrumentation {
  /** Makes a span of this name around an effect, where somebody sees it. */
  readonly span: (name: string, options?: SpanOptions) => <A, E>(self: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** Makes a span of this name that lasts as long as the scope, and answers what puts an effect into it. */
  readonly spanScoped: (
    name: string
  ) => Effect.Effect<<A, E>(self: Effect.Effect<A, E>) => Effect.Effect<A, E>, never, Scope.Scope>
  /** Adds to the span around what runs. */
  readonly annotate: (attributes: Attributes) => Effect.Effect<void>
  /** The W3C trace context of the span around what runs; `undefined` where there is none. */
  readonly traceparent: Effect.Effect<string | undefined>
  /** Tells what the client copes with. */
  readonly warn: (message: string, details: ReadonlyArray<unknown>, attributes?: Attributes) => Effect.Effect<void>
  /** Tells what is in order, for those who look closely. */
  readonly debug: (message: string, details: ReadonlyArray<unknown>, attributes?: Attributes) => Effect.Effect<void>
}

/**
 * Logs, and goes on whatever a logger throws: what can't be told has not failed for that.
 *
 * @category combinators
 */
export const guarded = (log: Effect.Effect<void>): Effect.Effect<void> => Effect.catchDefect(log, () => Effect.void)

/** Effect's tracer and loggers, those of whoever runs it. */
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
  // pure, so that bundles which are told of nothing by it go without what it is made of
  traceparent: /* @__PURE__ */ Effect.match(Effect.currentSpan, {
    onFailure: () => undefined,
    onSuccess: ({ sampled, spanId, traceId }) => `00-${traceId.padStart(32, "0")}-${spanId}-${sampled ? "01" : "00"}`
  }),
  warn: (message, details, attributes = {}) =>
    guarded(Effect.annotateLogs(Effect.logWarning(message, ...details), { ...attributes })),
  debug: (message, details, attributes = {}) =>
    guarded(Effect.annotateLogs(Effect.logDebug(message, ...details), { ...attributes }))
}

/** Nobody but a function that is told of warnings. */
export const warnings = (warn: (message: string, ...details: ReadonlyArray<unknown>) => void): Instrumentation => ({
  span: () => identity,
  spanScoped: () => Effect.succeed(identity),
  annotate: () => Effect.void,
  traceparent: Effect.undefined,
  warn: (message, details) => guarded(Effect.sync(() => warn(message, ...details))),
  debug: () => Effect.void
})
