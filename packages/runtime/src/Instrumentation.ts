/**
 * The spans and logs of a client. Effect programs receive them through Effect's tracer and loggers ({@link effect}).
 * Plain TypeScript receives the warnings through a function, and loads neither tracer nor loggers ({@link warningsOnly}).
 *
 * Clients take the {@link Instrumentation} of the context in which they are built. Without one, the layers and
 * constructors of the client packages use {@link effect}, and those for small bundles (`makeBareFetch`) use none:
 *
 * ```ts
 * import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
 * import type * as Effect from "effect/Effect"
 *
 * export const quiet = <A, E, R>(client: Effect.Effect<A, E, R>) =>
 *   client.pipe(Instrumentation.provide(Instrumentation.warningsOnly(console.warn)))
 * ```
 *
 * @since 0.1.0
 */
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import type { Reason } from "@effect-signalwire/schema/Reason"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { constVoid, identity } from "effect/Function"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Tracer from "effect/Tracer"
import * as Json from "./Json.ts"
import * as Monotonic from "./Monotonic.ts"
import { isTraced } from "./Tracing.ts"

/** The name of a client that has no other. */
export const defaultName = "effect-signalwire"

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

/**
 * Attributes of a span, or annotations of a log entry. A span may be given the options of a method: other properties are
 * ignored.
 */
export interface Attributes {
  /** The method of the service that a log entry is about. That of a span is in its name. */
  readonly operation?: string | undefined
  /** The address of the conversation. */
  readonly addressId?: string | null | undefined
  readonly conversationId?: string | undefined
  readonly messageId?: string | undefined
  /** The client id of a message. */
  readonly clientId?: string | null | undefined
  /** How many items the entry is about. */
  readonly count?: number | undefined
}

/** The error of a service's method. */
export interface MethodError {
  readonly method: string
  readonly reason: Reason
  readonly message: string
}

/** Receives the events of the sessions of one client. */
export interface SessionObserver {
  /** Runs the loop that dials and reads, for as long as a session is needed. */
  readonly run: <R>(loop: Effect.Effect<void, never, R>) => Effect.Effect<void, never, R>
  /** A dial begins; `attempt` is how many dials have failed since the last session that lasted. */
  readonly onDial: (attempt: number) => Effect.Effect<void>
  /** A session is ready, with its number, which is 1 for the first; `resumed` if it continues the one before it. */
  readonly onReady: (session: number, resumed: boolean) => Effect.Effect<void>
  /** A dial failed or a session ended, and what follows. */
  readonly onEnd: (reason: Reason, outcome: string) => Effect.Effect<void>
}

/** Receives the spans and logs of a client. */
export interface Instrumentation {
  /** Returns the instrumentation for a client of this name, which is an attribute of its spans. */
  readonly named: (name: string) => Instrumentation
  /** Returns the instrumentation for the server at a URL, whose host and port are attributes of the spans. */
  readonly forServer: (url: string) => Instrumentation
  /** Runs an effect in a span of this name, such as `Conversations.join`, if a tracer exports spans. */
  readonly span: (
    name: string,
    attributes?: Attributes,
    options?: SpanOptions
  ) => <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Makes a span of this name that ends with the scope, and returns a function that runs effects in it. */
  readonly spanScoped: (
    name: string,
    attributes?: Attributes,
    options?: SpanOptions
  ) => Effect.Effect<<A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>, never, Scope.Scope>
  /** Runs a stream in a span of this name. */
  readonly spanStream: (
    name: string,
    attributes?: Attributes
  ) => <A, E, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E, R>
  /** Adds attributes to the current span. */
  readonly annotate: (attributes: Attributes) => Effect.Effect<void>
  /**
   * Returns the metadata of a message with the W3C trace context of the current span, as `traceparent`. Metadata that is
   * invalid is returned unchanged, and so is all metadata if there is no span.
   */
  readonly traceMetadata: (metadata: JsonObject | undefined) => Effect.Effect<JsonObject | undefined>
  /** Logs a problem that the client handles by itself. */
  readonly warn: (message: string, details: ReadonlyArray<unknown>, attributes?: Attributes) => Effect.Effect<void>
  /** Logs, for debugging, the failure of a read that the client made on its own account and handles by itself. */
  readonly readFailed: (error: MethodError) => Effect.Effect<void>
  /** Makes the observer of a client's sessions. */
  readonly observeSessions: () => SessionObserver
}

/**
 * Ignores an exception of a logger: an operation must not fail because it can't be logged.
 *
 * @category combinators
 */
export const ignoreDefects = (log: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.catchDefect(log, () => Effect.void)

/** The names of the attributes, by OpenTelemetry's semantic conventions for messaging where those have one. */
const names: { readonly [Key in keyof Attributes]-?: string } = {
  operation: "messaging.operation.name",
  addressId: "messaging.destination.name",
  conversationId: "messaging.message.conversation_id",
  messageId: "messaging.message.id",
  clientId: "signalwire.message.client_id",
  count: "signalwire.count"
}

const isName = (key: string): key is keyof Attributes => Object.hasOwn(names, key)

/** Returns attributes under the names of OpenTelemetry's semantic conventions. Those that are missing are left out. */
export const toSemantic = (attributes: Attributes = {}): Record<string, unknown> => {
  const record: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && isName(key)) record[names[key]] = value
  }
  return record
}

/** What the methods of the services do with messages. */
const operationTypes: Readonly<Record<string, "send" | "receive">> = {
  sendMessage: "send",
  getMessages: "receive",
  getConversationMessages: "receive",
  messages: "receive",
  conversationMessages: "receive",
  findMessage: "receive",
  subscribe: "receive",
  timeline: "receive"
}

/** The attributes of the method that a span is named after. */
const operationAttributes = (spanName: string): Record<string, unknown> => {
  const operation = spanName.slice(spanName.indexOf(".") + 1)
  const type = operationTypes[operation]
  return {
    "messaging.operation.name": operation,
    ...(type === undefined ? undefined : { "messaging.operation.type": type })
  }
}

/** The `error.type` of a failure that has no `_tag`, as OpenTelemetry specifies. */
const otherError = "_OTHER"

const tagOf = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return otherError
  if ("reason" in error && typeof error.reason === "object" && error.reason !== null) return tagOf(error.reason)
  return "_tag" in error && typeof error._tag === "string" ? error._tag : otherError
}

/**
 * Returns the `error.type` of a cause: the `_tag` of the reason of its error, or `_OTHER` for a defect. Returns
 * `undefined` for an interruption, and for the end of a stream.
 */
export const errorType = (cause: Cause.Cause<unknown>): string | undefined =>
  Option.match(Cause.findErrorOption(cause), {
    onNone: () => Cause.hasInterruptsOnly(cause) ? undefined : otherError,
    onSome: (error) => Cause.isDone(error) ? undefined : tagOf(error)
  })

/** Names what an operation failed with. */
const annotateError = <A, E, R>(self: Effect.Effect<A, E, R>, span: Tracer.Span): Effect.Effect<A, E, R> =>
  Effect.onError(self, (cause) =>
    Effect.sync(() => {
      const type = errorType(cause)
      if (type !== undefined) span.attribute("error.type", type)
    }))

const annotated = (log: Effect.Effect<void>, attributes: Record<string, unknown>): Effect.Effect<void> =>
  ignoreDefects(Effect.annotateLogs(log, attributes))

const runInSpan = <A, E, R>(self: Effect.Effect<A, E, R>, span: Tracer.Span): Effect.Effect<A, E, R> =>
  // without a location, which would be one of this package
  Effect.withParentSpan(annotateError(self, span), span, { captureStackTrace: false })

/** The span of ours that a tracer exports. Without such a tracer, the current span is one of the program. */
const exportedSpan = (fiber: Fiber.Fiber<unknown, unknown>): Tracer.Span | undefined => {
  const { span } = fiber.cache
  return isTraced(fiber) && span?._tag === "Span" ? span : undefined
}

const defaultPorts: Readonly<Record<string, number>> = { "http:": 80, "https:": 443, "ws:": 80, "wss:": 443 }

const serverAttributes = (url: string | undefined): Record<string, unknown> => {
  if (url === undefined) return {}
  const { hostname, port, protocol } = new URL(url)
  return { "server.address": hostname, "server.port": port === "" ? defaultPorts[protocol] : Number(port) }
}

/** A class, since a process may have thousands of clients. */
class EffectInstrumentation implements Instrumentation {
  private readonly name: string
  private readonly url: string | undefined
  private clientAttributes: Record<string, unknown> | undefined

  constructor(name: string, url?: string) {
    this.name = name
    this.url = url
  }

  named(name: string): Instrumentation {
    return new EffectInstrumentation(name, this.url)
  }

  forServer(url: string): Instrumentation {
    return new EffectInstrumentation(this.name, url)
  }

  /** The attributes that all spans of the client have. */
  get attributes(): Readonly<Record<string, unknown>> {
    return this.clientAttributes ??= {
      "messaging.system": "signalwire",
      "messaging.client.id": this.name,
      ...serverAttributes(this.url)
    }
  }

  private spanOptions(name: string, attributes?: Attributes, options?: SpanOptions): Tracer.SpanOptionsNoTrace {
    return {
      kind: options?.kind,
      attributes: { ...this.attributes, ...operationAttributes(name), ...toSemantic(attributes) }
    }
  }

  span(name: string, attributes?: Attributes, options?: SpanOptions) {
    return <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.withFiber((fiber) =>
        options?.always === true || isTraced(fiber)
          ? Effect.useSpan(name, this.spanOptions(name, attributes, options), (span) => runInSpan(self, span))
          : self
      )
  }

  spanScoped(name: string, attributes?: Attributes, options?: SpanOptions) {
    return Effect.withFiber((fiber) =>
      isTraced(fiber)
        ? Effect.map(
          Effect.makeSpanScoped(name, this.spanOptions(name, attributes, options)),
          (span) => <A, E, R>(self: Effect.Effect<A, E, R>) => runInSpan(self, span)
        )
        : Effect.succeed(identity)
    )
  }

  spanStream(name: string, attributes?: Attributes) {
    return <A, E, R>(self: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> =>
      Stream.scoped(Stream.fromPull(Effect.flatMap(
        this.spanScoped(name, attributes),
        (within) => Effect.map(within(Stream.toPull(self)), within)
      )))
  }

  annotate(attributes: Attributes): Effect.Effect<void> {
    return Effect.withFiber((fiber) => {
      const span = exportedSpan(fiber)
      if (span !== undefined) {
        for (const [key, value] of Object.entries(toSemantic(attributes))) span.attribute(key, value)
      }
      return Effect.void
    })
  }

  traceMetadata(metadata: JsonObject | undefined): Effect.Effect<JsonObject | undefined> {
    return Effect.match(Effect.currentSpan, {
      onFailure: () => metadata,
      onSuccess: ({ sampled, spanId, traceId }) =>
        Result.isFailure(Json.check("metadata", metadata ?? {}))
          ? metadata
          : { ...metadata, traceparent: `00-${traceId.padStart(32, "0")}-${spanId}-${sampled ? "01" : "00"}` }
    })
  }

  warn(message: string, details: ReadonlyArray<unknown>, attributes?: Attributes): Effect.Effect<void> {
    return annotated(Effect.logWarning(message, ...details), toSemantic(attributes))
  }

  readFailed({ message, method, reason }: MethodError): Effect.Effect<void> {
    return annotated(Effect.logDebug("a read of the client's own failed", message), {
      ...toSemantic({ operation: method }),
      "error.type": reason._tag
    })
  }

  observeSessions(): SessionObserver {
    return new EffectSessionObserver(this.attributes)
  }
}

/** A session that is ready, or an interruption of the service. `since` is in monotonic milliseconds. */
type SessionState =
  | { readonly _tag: "Ready"; readonly since: number }
  | { readonly _tag: "Interrupted"; readonly since: number; readonly reason: Reason }
  | undefined

/** One span for as long as a session is needed, with an event for all that happens to it. */
class EffectSessionObserver implements SessionObserver {
  private readonly attributes: Readonly<Record<string, unknown>>
  private state: SessionState
  private session = 0

  constructor(attributes: Readonly<Record<string, unknown>>) {
    this.attributes = attributes
  }

  run<R>(loop: Effect.Effect<void, never, R>): Effect.Effect<void, never, R> {
    return Effect.withFiber((fiber) => {
      this.state = undefined
      return isTraced(fiber)
        // a root: it is not part of the trace of the subscriber that happens to be the first
        ? Effect.useSpan(
          "Subscription.session",
          { kind: "client", root: true, attributes: this.attributes },
          (span) => runInSpan(loop, span)
        )
        : loop
    })
  }

  onDial(attempt: number): Effect.Effect<void> {
    return this.event("dial", { "signalwire.dial.attempt": attempt })
  }

  onReady(session: number, resumed: boolean): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      const { state } = this
      const now = yield* Monotonic.millis
      this.state = { _tag: "Ready", since: now }
      this.session = session
      const sessionAttributes = { "signalwire.session.number": session }
      yield* this.event(resumed ? "resume" : "ready", sessionAttributes)
      if (state?._tag !== "Interrupted") return
      const { reason, since } = state
      const attributes = {
        ...sessionAttributes,
        "error.type": reason._tag,
        "signalwire.outage.duration": (now - since) / 1000
      }
      yield* this.event("reconnect", attributes)
      yield* annotated(Effect.logInfo("reconnected", reason.message), attributes)
    })
  }

  onEnd(reason: Reason, outcome: string): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      const { session, state } = this
      const now = yield* Monotonic.millis
      const attributes = {
        "error.type": reason._tag,
        ...(state?._tag === "Ready"
          ? { "signalwire.session.number": session, "signalwire.session.duration": (now - state.since) / 1000 }
          : undefined)
      }
      if (state?._tag === "Ready") this.state = { _tag: "Interrupted", since: now, reason }
      yield* this.event("end", attributes)
      yield* annotated(Effect.logDebug("the session ended", outcome, reason.message), attributes)
    })
  }

  private event(name: string, attributes: Record<string, unknown>): Effect.Effect<void> {
    return Effect.withFiber((fiber) => {
      exportedSpan(fiber)?.event(name, fiber.getRef(Clock.Clock).currentTimeNanosUnsafe(), attributes)
      return Effect.void
    })
  }
}

/** Sends spans and logs to Effect's tracer and loggers, those of the fiber that runs the operation. */
// pure, so that bundles that do not use it do not include tracer and loggers
export const effect: Instrumentation = /* @__PURE__ */ new EffectInstrumentation(defaultName)

/** Sends warnings to a function, and discards spans and all other logs. */
export const warningsOnly = (warn: (message: string, ...details: ReadonlyArray<unknown>) => void): Instrumentation => {
  const nothing = () => Effect.void
  const sessions: SessionObserver = { run: identity, onDial: nothing, onReady: nothing, onEnd: nothing }
  const same = () => instrumentation
  const instrumentation: Instrumentation = {
    named: same,
    forServer: same,
    span: () => identity,
    spanScoped: () => Effect.succeed(identity),
    spanStream: () => identity,
    annotate: nothing,
    traceMetadata: Effect.succeed,
    warn: (message, details) => ignoreDefects(Effect.sync(() => warn(message, ...details))),
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

/**
 * Builds a client with this instrumentation.
 *
 * @category combinators
 */
export const provide =
  (instrumentation: Instrumentation) => <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(self, Instrumentation, instrumentation)

/**
 * Builds a client, of this name if it has one, with the instrumentation of the context, or with {@link effect} if the
 * context has none.
 *
 * @category combinators
 */
export const provideEffect =
  (name: string | undefined) => <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Effect.context<R>(), (context) => {
      const instrumentation = Context.getOrUndefined(context, Instrumentation) ?? effect
      return provide(name === undefined ? instrumentation : instrumentation.named(name))(self)
    })
