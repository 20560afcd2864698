import { withSpan } from "@effect-signalwire/runtime/Tracing"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"

const spanName = Effect.map(Effect.option(Effect.currentSpan), Option.map((span) => span.name))

it.effect("makes a span if there is a tracer", () =>
  Effect.gen(function*() {
    const tracer = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })
    const inside = yield* spanName.pipe(withSpan("send", { kind: "producer" }), Effect.withTracer(tracer))
    assert.deepStrictEqual(inside, Option.some("send"))
  }))

it.effect("makes no span if no tracer would export it", () =>
  Effect.gen(function*() {
    assert.deepStrictEqual(yield* withSpan("send")(spanName), Option.none())
    const inside = yield* spanName.pipe(withSpan("send"), Effect.withSpan("outer"))
    assert.deepStrictEqual(inside, Option.some("outer"))
  }))
