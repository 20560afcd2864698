import { withSpan } from "@effect-signalwire/runtime/Tracing"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"

const name = Effect.map(Effect.option(Effect.currentSpan), Option.map((span) => span.name))

it.effect("makes a span for a tracer", () =>
  Effect.gen(function*() {
    const tracer = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })
    const inside = yield* name.pipe(withSpan("send", { kind: "producer" }), Effect.withTracer(tracer))
    assert.deepStrictEqual(inside, Option.some("send"))
  }))

it.effect("makes none where nobody would see it", () =>
  Effect.gen(function*() {
    assert.deepStrictEqual(yield* withSpan("send")(name), Option.none())
    const inside = yield* name.pipe(withSpan("send"), Effect.withSpan("outer"))
    assert.deepStrictEqual(inside, Option.some("outer"))
  }))
