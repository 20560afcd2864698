import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { ConversationError } from "../src/ConversationError.ts"
import * as CheckpointWriter from "../src/internal/checkpointWriter.ts"
import { Merge } from "../src/internal/merge.ts"
import { message } from "./support.ts"

const unavailable = new ConversationError({
  method: "Cursor.save",
  reason: new Reason.StorageUnavailable({ detail: "the disk is full" })
})

describe("CheckpointWriter", () => {
  it.effect("measures its interval by the monotonic clock, even if the wall clock is adjusted", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      let wall = 1_735_790_400_000
      let saves = 0
      const merge = new Merge({ overlapSeconds: 30, memory: 64, countsLiveAsVerified: true })
      const writer = CheckpointWriter.make(
        { load: Effect.succeedNone, save: () => Effect.sync(() => saves++) },
        merge.state.bind(merge),
        Instrumentation.effect,
        { ...clock, currentTimeMillisUnsafe: () => wall },
        1000
      )
      yield* writer.onPull
      wall += 3_600_000
      yield* writer.onPull
      assert.strictEqual(saves, 1)
      wall -= 7_200_000
      yield* TestClock.adjust("1 second")
      yield* writer.onPull
      assert.strictEqual(saves, 2)
    }))

  it.effect.each(
    [
      ["fails", Effect.fail(unavailable), unavailable.message],
      ["fails with a defect", Effect.die("broken"), "broken"],
      ["interrupts itself", Effect.interrupt, "Error: All fibers interrupted without error"]
    ] as const
  )("P8.7: continues with a warning when the store %s", ([, save, warning]) =>
    Effect.gen(function*() {
      const warnings: Array<string> = []
      const merge = new Merge({ overlapSeconds: 30, memory: 64, countsLiveAsVerified: true })
      const writer = CheckpointWriter.make(
        { load: Effect.succeedNone, save: () => save },
        merge.state.bind(merge),
        Instrumentation.warningsOnly((...entry) => warnings.push(entry.map(String).join(": "))),
        yield* Clock.Clock,
        1000
      )
      yield* writer.onPull
      assert.deepStrictEqual(warnings, [`the cursor could not be saved: ${warning}`])
    }))

  it.effect("continues with a warning when the store hangs", () =>
    Effect.gen(function*() {
      const warnings: Array<unknown> = []
      const merge = new Merge({ overlapSeconds: 30, memory: 64, countsLiveAsVerified: true })
      const writer = CheckpointWriter.make(
        { load: Effect.succeedNone, save: () => Effect.never },
        merge.state.bind(merge),
        Instrumentation.warningsOnly((...entry) => warnings.push(entry)),
        yield* Clock.Clock,
        1000
      )
      const saving = yield* Effect.forkChild(writer.onPull, { startImmediately: true })
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(saving)
      assert.deepStrictEqual(warnings, [["the cursor could not be saved", "timed out after 5000 ms"]])
    }))

  /** A writer with an interval of one second, and how often its cursor was saved. */
  const start = Effect.fnUntraced(function*(save: Effect.Effect<void, ConversationError> = Effect.void) {
    const warnings: Array<unknown> = []
    const saved: Array<string | undefined> = []
    const merge = new Merge({ overlapSeconds: 30, memory: 64, countsLiveAsVerified: true })
    const writer = CheckpointWriter.make(
      {
        load: Effect.succeedNone,
        save: ({ newest }) => Effect.andThen(Effect.sync(() => saved.push(newest?.id)), save)
      },
      merge.state.bind(merge),
      Instrumentation.warningsOnly((...entry) => warnings.push(entry)),
      yield* Clock.Clock,
      1000
    )
    return { merge, saved, warnings, writer }
  })

  it.effect("saves the state as of a pull, once an interval", () =>
    Effect.gen(function*() {
      const { merge, saved, writer } = yield* start()
      yield* writer.onPull
      merge.accept(message("a", 1))
      yield* TestClock.adjust(999)
      yield* writer.onPull
      yield* TestClock.adjust(1)
      yield* writer.onPull
      merge.accept(message("b", 2))
      yield* writer.onPull
      assert.deepStrictEqual(saved, [undefined, "a"])
    }))

  it.effect("P1.5: saves no state with a batch that the consumer has not processed when it closes", () =>
    Effect.gen(function*() {
      const { merge, saved, writer } = yield* start()
      yield* writer.onPull
      merge.accept(message("a", 1))
      writer.onBatch()
      yield* writer.close
      assert.deepStrictEqual(saved, [undefined])
      // the consumer has processed the batch when it pulls again
      yield* writer.onPull
      yield* writer.close
      assert.deepStrictEqual(saved, [undefined, "a"])
    }))

  it.effect("saves when it closes before anything was received", () =>
    Effect.gen(function*() {
      const { saved, writer } = yield* start()
      yield* writer.close
      assert.lengthOf(saved, 1)
    }))

  it.effect("saves again an interval after a save that failed", () =>
    Effect.gen(function*() {
      const { saved, warnings, writer } = yield* start(Effect.fail(unavailable))
      yield* writer.onPull
      yield* TestClock.adjust(999)
      yield* writer.onPull
      yield* TestClock.adjust(1)
      yield* writer.onPull
      yield* writer.close
      assert.deepStrictEqual([saved.length, warnings.length], [3, 3])
    }))

  it.effect("waits for a store that is slow", () =>
    Effect.gen(function*() {
      const { warnings, writer } = yield* start(Effect.sleep(4999))
      const saving = yield* Effect.forkChild(writer.onPull, { startImmediately: true })
      yield* TestClock.adjust(4998)
      assert.isUndefined(saving.pollUnsafe())
      yield* TestClock.adjust(1)
      yield* Fiber.join(saving)
      assert.deepStrictEqual(warnings, [])
    }))
})
