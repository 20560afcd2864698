import * as Telemetry from "@effect-signalwire/schema/Telemetry"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
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
        Telemetry.effect,
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
})
