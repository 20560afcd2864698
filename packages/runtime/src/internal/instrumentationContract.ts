/** What a client reports: the interface of its instrumentation. */
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import type { Reason } from "@effect-signalwire/schema/Reason"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"

/** The options of a span. */
export interface SpanOptions {
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
  /** The id of the conversation. */
  readonly conversationId?: string | undefined
  /** The id of a message. */
  readonly messageId?: string | undefined
  /** The client id of a message. */
  readonly clientId?: string | null | undefined
  /** The `_tag` of the reason of a failure. */
  readonly errorType?: string | undefined
  /** How many items the entry is about. */
  readonly count?: number | undefined
}

/** The error of a service's method. */
export interface MethodError {
  /** The method that failed. */
  readonly method: string
  /** Why it failed. */
  readonly reason: Reason
  /** The method and the reason in words. */
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

/** A state or an event of a state machine. */
interface Tagged {
  readonly _tag: string
}

/** Receives the transitions of the state machines of the connection, and of each subscription and timeline. */
export type TransitionObserver = (
  machine: "connection" | "sequence",
  from: Tagged,
  event: Tagged,
  to: Tagged
) => void

/** Receives the spans and logs of a client. */
export interface Instrumentation {
  /** Returns the instrumentation for a client of this name, which is an attribute of its spans. */
  readonly named: (name: string) => Instrumentation
  /**
   * Returns the instrumentation for a service, such as `Conversations`. The names of its spans begin with it, and the host
   * and the port of the URL, if there is one, are attributes of them.
   */
  readonly forService: (service: string, url?: string) => Instrumentation
  /** Runs an effect in a span of this name, such as that of a method, if a tracer exports spans. */
  readonly span: (
    name: string,
    attributes?: Attributes,
    options?: SpanOptions
  ) => <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Makes a span of this name that ends with the scope, and returns a function that runs effects in it. */
  readonly spanScoped: (
    name: string,
    attributes?: Attributes
  ) => Effect.Effect<<A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>, never, Scope.Scope>
  /** Runs a stream in a span of this name. */
  readonly spanStream: (
    name: string,
    attributes?: Attributes
  ) => <A, E, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E, R>
  /** Adds the client id of the message, and the conversation once the message is stored, to the span of a send. */
  readonly annotateSend: (
    clientId: string
  ) => <A extends { readonly conversationId: string }, E>(send: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /**
   * Returns the metadata of a message with the W3C trace context of the current span, as `traceparent`. Metadata that is
   * invalid is returned unchanged, and so is all metadata if there is no span.
   */
  readonly traceMetadata: (metadata: JsonObject | undefined) => Effect.Effect<JsonObject | undefined>
  /** Logs a problem that the client handles by itself. */
  readonly warn: (message: string, details: ReadonlyArray<unknown>, attributes?: Attributes) => Effect.Effect<void>
  /** Logs a failure that no caller receives, such as that of a message in the outbox. */
  readonly error: (message: string, details: ReadonlyArray<unknown>, attributes?: Attributes) => Effect.Effect<void>
  /** Logs, for debugging, the failure of a background read, which the client handles by itself. */
  readonly readFailed: (error: MethodError) => Effect.Effect<void>
  /** Makes the observer of a client's sessions. */
  readonly observeSessions: () => SessionObserver
  /** Receives all transitions, for tests that report which states and events they reached. */
  readonly onTransition?: TransitionObserver | undefined
}
