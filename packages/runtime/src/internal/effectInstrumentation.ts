/** The instrumentation of Effect programs. */
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type * as Tracer from "effect/Tracer"
import * as Json from "../Json.ts"
import { clientAttributes, kindOf, operationAttributes, serverAttributes, toSemantic } from "../SemanticConventions.ts"
import { isTraced } from "../Tracing.ts"
import { EffectSessionObserver } from "./effectSessionObserver.ts"
import type {
  Attributes,
  Instrumentation,
  MethodError,
  SessionObserver,
  SpanOptions
} from "./instrumentationContract.ts"
import { annotated, exportedSpan, runInSpan } from "./spans.ts"

/** A class, since a process may have thousands of clients. */
export class EffectInstrumentation implements Instrumentation {
  private readonly name: string
  private readonly service: string | undefined
  private readonly url: string | undefined
  private clientAttributes: Record<string, unknown> | undefined

  constructor(name: string, service?: string, url?: string) {
    this.name = name
    this.service = service
    this.url = url
  }

  named(name: string): Instrumentation {
    return new EffectInstrumentation(name, this.service, this.url)
  }

  forService(service: string, url?: string): Instrumentation {
    return new EffectInstrumentation(this.name, service, url)
  }

  private spanName(name: string): string {
    return this.service === undefined ? name : `${this.service}.${name}`
  }

  /** The attributes that all spans of the client have. */
  private get attributes(): Readonly<Record<string, unknown>> {
    return this.clientAttributes ??= {
      ...clientAttributes(this.name),
      ...serverAttributes(this.url)
    }
  }

  private spanOptions(name: string, attributes: Attributes | undefined): Tracer.SpanOptionsNoTrace {
    return {
      kind: kindOf(this.spanName(name)),
      attributes: { ...this.attributes, ...operationAttributes(name), ...toSemantic(attributes) }
    }
  }

  span(name: string, attributes?: Attributes, options?: SpanOptions) {
    return <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.withFiber((fiber) =>
        options?.always === true || isTraced(fiber)
          ? Effect.useSpan(this.spanName(name), this.spanOptions(name, attributes), (span) => runInSpan(self, span))
          : self
      )
  }

  spanScoped(name: string, attributes?: Attributes) {
    return Effect.withFiber((fiber) =>
      isTraced(fiber)
        ? Effect.map(
          Effect.makeSpanScoped(this.spanName(name), this.spanOptions(name, attributes)),
          (span) => <A, E, R>(self: Effect.Effect<A, E, R>) => runInSpan(self, span)
        )
        : Effect.succeed(identity)
    )
  }

  spanStream(name: string, attributes?: Attributes) {
    return <A, E, R>(self: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> =>
      Stream.unwrap(Effect.withFiber((fiber) =>
        Effect.succeed(
          isTraced(fiber)
            ? Stream.scoped(Stream.fromPull(Effect.flatMap(
              this.spanScoped(name, attributes),
              (within) => Effect.map(within(Stream.toPull(self)), within)
            )))
            : self
        )
      ))
  }

  annotateSend(clientId: string) {
    return <A extends { readonly conversationId: string }, E>(send: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Effect.withFiber((fiber) => {
        const span = exportedSpan(fiber)
        if (span === undefined) return send
        const annotate = (attributes: Attributes) => {
          for (const [key, value] of Object.entries(toSemantic(attributes))) span.attribute(key, value)
        }
        annotate({ clientId })
        return Effect.tap(send, ({ conversationId }) => Effect.sync(() => annotate({ conversationId })))
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

  error(message: string, details: ReadonlyArray<unknown>, attributes?: Attributes): Effect.Effect<void> {
    return annotated(Effect.logError(message, ...details), toSemantic(attributes))
  }

  readFailed({ message, method, reason }: MethodError): Effect.Effect<void> {
    return annotated(
      Effect.logDebug("a background read failed", message),
      toSemantic({ operation: method, errorType: reason._tag })
    )
  }

  observeSessions(): SessionObserver {
    return new EffectSessionObserver(this.spanName("session"), this.attributes)
  }
}
