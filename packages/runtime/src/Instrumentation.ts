/**
 * The spans and logs of a client. Effect programs receive them through Effect's tracer and loggers ({@link effect}).
 * Plain TypeScript receives the warnings through a function, and loads neither tracer nor loggers ({@link warningsOnly}).
 *
 * Clients take the {@link Instrumentation} of the context in which they are built. Without one, the layers and
 * constructors of the client packages use {@link effect}, and those for small bundles (`makeBareFetch`) use none:
 *
 * ```ts
 * import { Instrumentation, warningsOnly } from "@effect-signalwire/runtime/Instrumentation"
 * import * as Layer from "effect/Layer"
 *
 * // provide it to the layer of a client
 * export const quiet = Layer.succeed(Instrumentation, warningsOnly(console.warn))
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { constVoid, dual, identity } from "effect/Function"
import * as EffectCopies from "./internal/effectCopies.ts"
import { EffectInstrumentation } from "./internal/effectInstrumentation.ts"
import type * as Contract from "./internal/instrumentationContract.ts"
import * as Spans from "./internal/spans.ts"

export type {
  Attributes,
  MethodError,
  SessionObserver,
  SpanOptions,
  TransitionObserver
} from "./internal/instrumentationContract.ts"

/** Receives the spans and logs of a client. */
export type Instrumentation = Contract.Instrumentation

/** The name of a client that has no other. */
export const defaultName = "effect-signalwire"

/** Sends spans and logs to Effect's tracer and loggers, those of the fiber that runs the operation. */
export const effect: Instrumentation =
  // pure, so that bundles that do not use it do not include tracer and loggers
  /* @__PURE__ */ new EffectInstrumentation(defaultName)

/** Sends warnings and errors to a function, and discards spans and all other logs. */
export const warningsOnly = (warn: (message: string, ...details: ReadonlyArray<unknown>) => void): Instrumentation => {
  const log: Instrumentation["warn"] = (message, details) =>
    Spans.ignoreDefects(Effect.sync(() => warn(message, ...details)))
  const nothing = () => Effect.void
  const sessions: Contract.SessionObserver = { run: identity, onDial: nothing, onReady: nothing, onEnd: nothing }
  const same = () => instrumentation
  const instrumentation: Instrumentation = {
    named: same,
    forService: same,
    span: () => identity,
    spanScoped: () => Effect.succeed(identity),
    spanStream: () => identity,
    annotateSend: () => identity,
    traceMetadata: Effect.succeed,
    warn: log,
    error: log,
    readFailed: nothing,
    observeSessions: () => sessions
  }
  return instrumentation
}

/** The instrumentation of the clients that are built in a context. It discards everything by default. */
export const Instrumentation: Context.Reference<Instrumentation> = /* @__PURE__ */ Context.Reference<Instrumentation>(
  "@effect-signalwire/runtime/Instrumentation",
  { defaultValue: () => warningsOnly(constVoid) }
)

/** The instrumentation of the context, or {@link effect} if the context has none. */
export const orEffect: Effect.Effect<Instrumentation> = /* @__PURE__ */ Effect.contextWith(
  (context: Context.Context<never>) => Effect.succeed(Context.getOrUndefined(context, Instrumentation) ?? effect)
)

/**
 * Builds a client, of this name if it has one, with the instrumentation of the context, or with {@link effect} if the
 * context has none. Dies if the program runs on another copy of the package `effect`.
 *
 * @category combinators
 */
export const forClient: {
  (name: string | undefined): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, name: string | undefined): Effect.Effect<A, E, R>
} = /* @__PURE__ */ dual(
  2,
  <A, E, R>(self: Effect.Effect<A, E, R>, name: string | undefined): Effect.Effect<A, E, R> =>
    Effect.flatMap(
      Effect.andThen(EffectCopies.check, orEffect),
      (instrumentation) =>
        Effect.provideService(
          self,
          Instrumentation,
          name === undefined ? instrumentation : instrumentation.named(name)
        )
    )
)
