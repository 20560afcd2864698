import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as Bookmark from "../src/internal/bookmark.ts"
import * as Merge from "../src/internal/merge.ts"

describe("writing a cursor", () => {
  it.effect("goes by the time that has passed, wherever the clock on the wall is put", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      let wall = 1_735_790_400_000
      let writes = 0
      const merge = Merge.make({ overlapSeconds: 30, memory: 64, trustLive: true })
      const bookmark = Bookmark.make(
        { load: Effect.succeedNone, save: () => Effect.sync(() => writes++) },
        merge.standing.bind(merge),
        Instrumentation.effect,
        { ...clock, currentTimeMillisUnsafe: () => wall },
        1000
      )
      yield* bookmark.asked
      wall += 3_600_000
      yield* bookmark.asked
      assert.strictEqual(writes, 1)
      wall -= 7_200_000
      yield* TestClock.adjust("1 second")
      yield* bookmark.asked
      assert.strictEqual(writes, 2)
    }))

  it.effect("goes on, and warns, when the store hangs", () =>
    Effect.gen(function*() {
      const warnings: Array<unknown> = []
      const merge = Merge.make({ overlapSeconds: 30, memory: 64, trustLive: true })
      const bookmark = Bookmark.make(
        { load: Effect.succeedNone, save: () => Effect.never },
        merge.standing.bind(merge),
        Instrumentation.warnings((...entry) => warnings.push(entry)),
        yield* Clock.Clock,
        1000
      )
      const writing = yield* Effect.forkChild(bookmark.asked, { startImmediately: true })
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(writing)
      assert.deepStrictEqual(warnings, [["the cursor could not be written", "not within 5000 ms"]])
    }))
})
