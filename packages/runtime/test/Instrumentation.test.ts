import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"

/** Runs something with a tracer and a logger that keep what they are told. */
const observed = <A>(effect: Effect.Effect<A>) =>
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

describe("what Effect programs are told", () => {
  it.effect("are spans with what was said of them, and the trace context that others are told of", () =>
    Effect.gen(function*() {
      const { spans: [span], value } = yield* observed(
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

  it.effect("are spans that last as long as a scope, and hold what is put into them", () =>
    Effect.gen(function*() {
      const { spans } = yield* observed(Effect.scoped(Effect.gen(function*() {
        const within = yield* Instrumentation.effect.spanScoped("list")
        yield* within(Instrumentation.effect.span("page")(Effect.void))
      })))
      const [list, page] = spans
      assert.deepStrictEqual(spans.map(({ name }) => name), ["list", "page"])
      assert.strictEqual(page?.parent._tag === "Some" ? page.parent.value.spanId : undefined, list?.spanId)
      assert.strictEqual(list?.status._tag, "Ended")
    }))

  it.effect("is a span that nobody sees only where it is asked for in any case", () =>
    Effect.gen(function*() {
      const parent = Instrumentation.effect.traceparent
      assert.isUndefined(yield* Instrumentation.effect.span("work")(parent))
      assert.isDefined(yield* Instrumentation.effect.span("work", { always: true })(parent))
    }))

  it.effect("are logs with their details and annotations", () =>
    Effect.gen(function*() {
      const { entries } = yield* observed(Instrumentation.effect.warn("careful", [1], { "signalwire.method": "x" }))
      assert.deepStrictEqual(entries, [{ message: ["careful", 1], "signalwire.method": "x" }])
    }))
})

describe("a logger that throws", () => {
  const throwing = () => {
    throw new Error("the disk is full")
  }

  it.effect("P8.7: breaks nothing of a program of Effect's", () =>
    Effect.gen(function*() {
      yield* Instrumentation.effect.warn("careful", [])
      yield* Instrumentation.effect.debug("all is well", [])
      yield* Instrumentation.guarded(Effect.logError("too bad"))
    }).pipe(
      Effect.provide(Logger.layer([Logger.make(throwing)])),
      Effect.provideService(References.MinimumLogLevel, "All")
    ))

  it.effect("P8.7: breaks nothing of plain TypeScript", () => Instrumentation.warnings(throwing).warn("careful", []))
})

describe("what plain TypeScript is told", () => {
  it.effect("are warnings, and nothing else", () =>
    Effect.gen(function*() {
      const told: Array<ReadonlyArray<unknown>> = []
      const telemetry = Instrumentation.warnings((...entry) => void told.push(entry))
      const { spans, value } = yield* observed(Effect.scoped(Effect.gen(function*() {
        const within = yield* telemetry.spanScoped("list")
        yield* within(telemetry.warn("careful", [1], { "signalwire.method": "x" }))
        yield* telemetry.debug("all is well", [])
        yield* telemetry.annotate({ a: 1 })
        return yield* telemetry.span("work", { always: true })(telemetry.traceparent)
      })))
      assert.deepStrictEqual(told, [["careful", 1]])
      assert.isEmpty(spans)
      assert.isUndefined(value)
    }))
})
