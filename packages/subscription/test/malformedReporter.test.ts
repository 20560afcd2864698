import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { MalformedReporter } from "../src/internal/malformedReporter.ts"

const values = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ path: `p${index}`, message: "is wrong" }))

it.effect("P9.3: malformed values are logged at once, and later ones together after 30 seconds", () =>
  Effect.gen(function*() {
    const counts: Array<number | undefined> = []
    const listed: Array<ReadonlyArray<unknown>> = []
    const reporter = new MalformedReporter({
      ...Instrumentation.effect,
      warn: (_, details, attributes) =>
        Effect.sync(() => {
          counts.push(attributes?.count)
          listed.push(details)
        })
    })
    yield* reporter.report(values(1))
    yield* TestClock.adjust("29999 millis")
    yield* reporter.report(values(2))
    assert.deepStrictEqual(counts, [1])
    yield* TestClock.adjust("1 milli")
    yield* reporter.report(values(12))
    yield* TestClock.adjust("30 seconds")
    yield* reporter.report(values(1))
    assert.deepStrictEqual(counts, [1, 14, 1])
    assert.deepStrictEqual(listed, [[values(1)], [values(10)], [values(1)]])
  }))
