import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"

/** Runs an effect with a tracer and a logger that record spans and log entries. */
const recorded = <A>(effect: Effect.Effect<A>) =>
  Effect.gen(function*() {
    const spans: Array<Tracer.NativeSpan> = []
    const entries: Array<Readonly<Record<string, unknown>>> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    const logger = Logger.make(({ fiber, message }) => {
      entries.push({ message, ...fiber.getRef(References.CurrentLogAnnotations) })
    })
    const value = yield* effect.pipe(
      Effect.provideService(Tracer.Tracer, tracer),
      Effect.provide(Logger.layer([logger]))
    )
    return { value, spans, entries }
  })

describe("the instrumentation of Effect programs", () => {
  it.effect("makes spans with attributes, and provides their trace context", () =>
    Effect.gen(function*() {
      const { spans: [span], value } = yield* recorded(
        Effect.andThen(
          Instrumentation.effect.annotate({ "signalwire.method": "x" }),
          Instrumentation.effect.traceparent
        ).pipe(
          Instrumentation.effect.span("work", { kind: "producer" })
        )
      )
      assert.isDefined(span)
      assert.strictEqual(span.name, "work")
      assert.strictEqual(span.kind, "producer")
      assert.strictEqual(span.attributes.get("signalwire.method"), "x")
      assert.strictEqual(value, `00-${span.traceId.padStart(32, "0")}-${span.spanId}-01`)
    }))

  it.effect("makes spans that end with a scope, and runs effects in them", () =>
    Effect.gen(function*() {
      const { spans } = yield* recorded(Effect.scoped(Effect.gen(function*() {
        const within = yield* Instrumentation.effect.spanScoped("list")
        yield* within(Instrumentation.effect.span("page")(Effect.void))
      })))
      const [list, page] = spans
      assert.deepStrictEqual(spans.map(({ name }) => name), ["list", "page"])
      assert.strictEqual(page?.parent._tag === "Some" ? page.parent.value.spanId : undefined, list?.spanId)
      assert.strictEqual(list?.status._tag, "Ended")
    }))

  it.effect("makes a span that no tracer exports only with the option always", () =>
    Effect.gen(function*() {
      const { traceparent } = Instrumentation.effect
      assert.isUndefined(yield* Instrumentation.effect.span("work")(traceparent))
      assert.isDefined(yield* Instrumentation.effect.span("work", { always: true })(traceparent))
    }))

  it.effect("logs warnings with their details and annotations", () =>
    Effect.gen(function*() {
      const { entries } = yield* recorded(Instrumentation.effect.warn("careful", [1], { "signalwire.method": "x" }))
      assert.deepStrictEqual(entries, [{ message: ["careful", 1], "signalwire.method": "x" }])
    }))
})

describe("a logger that throws", () => {
  const throwing = () => {
    throw new Error("the disk is full")
  }

  it.effect("P8.7: does not make an operation of an Effect program fail", () =>
    Effect.gen(function*() {
      yield* Instrumentation.effect.warn("careful", [])
      yield* Instrumentation.effect.debug("all is well", [])
      yield* Instrumentation.ignoreDefects(Effect.logError("too bad"))
    }).pipe(
      Effect.provide(Logger.layer([Logger.make(throwing)])),
      Effect.provideService(References.MinimumLogLevel, "All")
    ))

  it.effect("P8.7: does not make an operation of plain TypeScript fail", () =>
    Instrumentation.warningsOnly(throwing).warn("careful", []))
})

describe("the instrumentation of plain TypeScript", () => {
  it.effect("passes on warnings only", () =>
    Effect.gen(function*() {
      const warned: Array<ReadonlyArray<unknown>> = []
      const instrumentation = Instrumentation.warningsOnly((...entry) => void warned.push(entry))
      const { spans, value } = yield* recorded(Effect.scoped(Effect.gen(function*() {
        const within = yield* instrumentation.spanScoped("list")
        yield* within(instrumentation.warn("careful", [1], { "signalwire.method": "x" }))
        yield* instrumentation.debug("all is well", [])
        yield* instrumentation.annotate({ a: 1 })
        return yield* instrumentation.span("work", { always: true })(instrumentation.traceparent)
      })))
      assert.deepStrictEqual(warned, [["careful", 1]])
      assert.isEmpty(spans)
      assert.isUndefined(value)
    }))
})
