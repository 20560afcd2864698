import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ConversationError } from "../src/ConversationError.ts"
import * as HistorySlice from "../src/internal/historySlice.ts"
import { makeEndless, message, type Messages, page } from "./support.ts"

const at = (epochSeconds: number) => message(`m${epochSeconds}`, epochSeconds)

/** A history of four messages on two pages. The link to the second page fails `failures` times. */
const makeHistory = (reason: Reason.Reason, failures: number) => {
  let left = failures
  let reads = 0
  const second = page([at(2), at(1)])
  const newest = Effect.sync(() => {
    reads++
    return page(
      [at(4), at(3)],
      Effect.suspend(() => {
        if (left-- > 0) return Effect.fail(new ConversationError({ method: "timeline", reason }))
        return Effect.succeed(Option.some(second))
      })
    )
  })
  return { newest, reads: () => reads }
}

const stale = Reason.invalidParameter("page_token", "is invalid")
const times = (messages: ReadonlyArray<ConversationMessage>) => messages.map(({ epochSeconds }) => epochSeconds)

describe("historySlice", () => {
  it.effect("P1.1: starts over from the newest page when a link is stale, as after a restart of the server", () =>
    Effect.gen(function*() {
      const { newest, reads } = makeHistory(stale, 2)
      const { end, messages } = yield* HistorySlice.readBack(newest, null, 100)
      assert.deepStrictEqual([times(messages), end], [[4, 3, 2, 1], "reached"])
      assert.strictEqual(reads(), 3)
    }))

  it.effect("P1.1: starts over when it reads the newest messages", () =>
    Effect.gen(function*() {
      const { newest } = makeHistory(new Reason.NotFound({ detail: "gone" }), 1)
      assert.deepStrictEqual(times((yield* HistorySlice.newestMessages(newest, 10, 100)).messages), [4, 3, 2, 1])
    }))

  it.effect("fails when links are refused again and again", () =>
    Effect.gen(function*() {
      const { newest } = makeHistory(stale, Infinity)
      const error = yield* Effect.flip(HistorySlice.readBack(newest, null, 100))
      assert.strictEqual(error.reason, stale)
    }))

  it.effect("reports the limit only when there are older messages", () =>
    Effect.gen(function*() {
      const newest = Effect.succeed(page([at(2)], Effect.succeedSome(page([at(1)]))))
      assert.strictEqual((yield* HistorySlice.readBack(newest, null, 1)).end, "limit")
      assert.strictEqual((yield* HistorySlice.readBack(newest, null, 2)).end, "reached")
    }))

  it.effect("skips empty pages to find the newest page", () =>
    Effect.gen(function*() {
      const second = page([at(2)], Effect.succeedSome(page([at(1)])))
      const slice = yield* HistorySlice.newestPage(Effect.succeed(page([], Effect.succeedSome(second))))
      assert.deepStrictEqual([times(slice.messages), slice.end], [[2], "limit"])
    }))

  it.effect("P2.1: skips empty pages to find the newest messages, so that none of them is mistaken for a new one", () =>
    Effect.gen(function*() {
      const second = page([at(50), at(45)], Effect.succeedSome(page([at(30)], Effect.succeedSome(page([at(1)])))))
      const slice = yield* HistorySlice.newestMessages(Effect.succeed(page([], Effect.succeedSome(second))), 10, 100)
      assert.deepStrictEqual([times(slice.messages), slice.end], [[50, 45, 30], "reached"])
    }))

  it.effect("returns no messages for an empty history", () =>
    Effect.gen(function*() {
      const slice = yield* HistorySlice.newestPage(Effect.succeed(page([])))
      assert.deepStrictEqual(slice, { messages: [], end: "reached" })
    }))

  it.effect("does not start over for other failures", () =>
    Effect.gen(function*() {
      const { newest, reads } = makeHistory(new Reason.Unauthorized({ detail: "no" }), 1)
      const error = yield* Effect.flip(HistorySlice.readBack(newest, null, 100))
      assert.deepStrictEqual([error.reason._tag, reads()], ["Unauthorized", 1])
    }))

  it.effect("P7.4: reads 2000 pages at most, and reports the limit", () =>
    Effect.gen(function*() {
      const { newest, reads } = makeEndless((number) => [at(1_000_000 - number)])
      const slice = yield* HistorySlice.readBack(newest, null, 100_000)
      assert.deepStrictEqual([slice.messages.length, slice.end, reads()], [2000, "limit", 2000])
    }))

  it.effect("P7.4: returns no messages when all of 2000 pages are empty", () =>
    Effect.gen(function*() {
      const { newest, reads } = makeEndless(() => [])
      assert.deepStrictEqual(yield* HistorySlice.newestPage(newest), { messages: [], end: "reached" })
      assert.strictEqual(reads(), 2000)
    }))

  /** Pages of which each has a link to the next, but for the last. */
  const pagesOf = (...all: ReadonlyArray<ReadonlyArray<number>>) => {
    let reads = 0
    const from = (index: number): Messages => {
      reads++
      const isLast = index === all.length - 1
      return page((all[index] ?? []).map(at), isLast ? undefined : Effect.sync(() => Option.some(from(index + 1))))
    }
    return { newest: Effect.sync(() => from(0)), reads: () => reads }
  }

  it.effect.each([
    { until: 5, expected: [9, 5, 5, 4] },
    { until: 6, expected: [9, 5] },
    { until: null, expected: [9, 5, 5, 4, 1] }
  ])(
    "reads all messages of the time to which it reads, and no further page: $until",
    ({ expected, until }) =>
      Effect.gen(function*() {
        const { newest, reads } = pagesOf([9, 5], [5, 4], [1])
        const slice = yield* HistorySlice.readBack(newest, until, 100)
        assert.deepStrictEqual([times(slice.messages), slice.end], [expected, "reached"])
        assert.strictEqual(reads(), Math.ceil(expected.length / 2))
      })
  )

  it.effect("reads a history to its beginning, whatever its times are", () =>
    Effect.gen(function*() {
      const { newest } = pagesOf([1, -1], [-2, -3], [-4])
      assert.deepStrictEqual(times((yield* HistorySlice.readBack(newest, null, 100)).messages), [1, -1, -2, -3, -4])
    }))

  it.effect("skips empty pages when it reads back to a time", () =>
    Effect.gen(function*() {
      const { newest } = pagesOf([], [9, 8], [4], [3])
      assert.deepStrictEqual(times((yield* HistorySlice.readBack(newest, 5, 100)).messages), [9, 8, 4])
    }))

  it.effect("stops at the page with a match, even if that page reaches the limit", () =>
    Effect.gen(function*() {
      const { newest, reads } = pagesOf([9, 8], [7, 6], [5])
      const slice = yield* HistorySlice.readBack(newest, null, 4, ({ epochSeconds }) => epochSeconds === 7)
      assert.deepStrictEqual([times(slice.messages), slice.end, reads()], [[9, 8, 7, 6], "reached", 2])
    }))

  it.effect("reports that it reached its point rather than its limit when it reached both", () =>
    Effect.gen(function*() {
      const { newest } = pagesOf([9, 8], [7, 6], [5])
      assert.strictEqual((yield* HistorySlice.readBack(newest, 7, 4)).end, "reached")
      assert.strictEqual((yield* HistorySlice.readBack(newest, 6, 4)).end, "limit")
    }))

  it.effect("reads the newest messages back to the overlap before the newest", () =>
    Effect.gen(function*() {
      const { newest } = pagesOf([50, 45], [40, 40], [39, 38], [1])
      assert.deepStrictEqual(times((yield* HistorySlice.newestMessages(newest, 10, 100)).messages), [
        50,
        45,
        40,
        40,
        39,
        38
      ])
      assert.strictEqual((yield* HistorySlice.newestMessages(newest, 10, 4)).end, "limit")
    }))
})
