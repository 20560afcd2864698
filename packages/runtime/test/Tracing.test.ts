import { isTraced } from "@effect-signalwire/runtime/Tracing"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Tracer from "effect/Tracer"

const traced = Effect.withFiber((fiber) => Effect.succeed(isTraced(fiber)))

it.effect("spans are worth making if a tracer exports them", () =>
  Effect.gen(function*() {
    const tracer = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })
    assert.isTrue(yield* Effect.withTracer(traced, tracer))
  }))

it.effect("spans that only Effect's default tracer would receive are not worth making", () =>
  Effect.gen(function*() {
    assert.isFalse(yield* traced)
    assert.isFalse(yield* Effect.withSpan(traced, "outer"))
  }))
