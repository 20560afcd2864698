import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ConversationError } from "../src/ConversationError.ts"
import * as History from "../src/internal/history.ts"
import { makeEndless, message, page } from "./support.ts"

const at = (epochSeconds: number) => message(`m${epochSeconds}`, epochSeconds)

/** A history of four messages on two pages; the link to the second fails as often as it is told. */
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

describe("reading history back", () => {
  it.effect("P1.1: begins again from the newest page when a server that restarted no longer knows its links", () =>
    Effect.gen(function*() {
      const { newest, reads } = makeHistory(stale, 2)
      const { end, messages } = yield* History.readBack(newest, null, 100)
      assert.deepStrictEqual([times(messages), end], [[4, 3, 2, 1], "reached"])
      assert.strictEqual(reads(), 3)
    }))

  it.effect("P1.1: does so for the newest messages as well", () =>
    Effect.gen(function*() {
      const { newest } = makeHistory(new Reason.NotFound({ detail: "gone" }), 1)
      assert.deepStrictEqual(times((yield* History.head(newest, 10, 100)).messages), [4, 3, 2, 1])
    }))

  it.effect("gives up when its links are refused again and again", () =>
    Effect.gen(function*() {
      const { newest } = makeHistory(stale, Infinity)
      const error = yield* Effect.flip(History.readBack(newest, null, 100))
      assert.strictEqual(error.reason, stale)
    }))

  it.effect("says that it was cut short only where there is more", () =>
    Effect.gen(function*() {
      const newest = Effect.succeed(page([at(2)], Effect.succeedSome(page([at(1)]))))
      assert.strictEqual((yield* History.readBack(newest, null, 1)).end, "limit")
      assert.strictEqual((yield* History.readBack(newest, null, 2)).end, "reached")
    }))

  it.effect("begins with the newest page that has anything", () =>
    Effect.gen(function*() {
      const second = page([at(2)], Effect.succeedSome(page([at(1)])))
      const stretch = yield* History.newestPage(Effect.succeed(page([], Effect.succeedSome(second))))
      assert.deepStrictEqual([times(stretch.messages), stretch.end], [[2], "limit"])
    }))

  it.effect("P2.1: finds the newest messages behind a page that is empty, so that none of them comes as a new one", () =>
    Effect.gen(function*() {
      const second = page([at(50), at(45)], Effect.succeedSome(page([at(30)], Effect.succeedSome(page([at(1)])))))
      const stretch = yield* History.head(Effect.succeed(page([], Effect.succeedSome(second))), 10, 100)
      assert.deepStrictEqual([times(stretch.messages), stretch.end], [[50, 45, 30], "reached"])
    }))

  it.effect("has nothing to begin with when there is nothing at all", () =>
    Effect.gen(function*() {
      const stretch = yield* History.newestPage(Effect.succeed(page([])))
      assert.deepStrictEqual(stretch, { messages: [], end: "reached" })
    }))

  it.effect("does not begin again for other failures", () =>
    Effect.gen(function*() {
      const { newest, reads } = makeHistory(new Reason.Unauthorized({ detail: "no" }), 1)
      const error = yield* Effect.flip(History.readBack(newest, null, 100))
      assert.deepStrictEqual([error.reason._tag, reads()], ["Unauthorized", 1])
    }))

  it.effect("P7.4: reads 2000 pages at most, and says that there is more", () =>
    Effect.gen(function*() {
      const { newest, reads } = makeEndless((number) => [at(1_000_000 - number)])
      const stretch = yield* History.readBack(newest, null, 100_000)
      assert.deepStrictEqual([stretch.messages.length, stretch.end, reads()], [2000, "limit", 2000])
    }))

  it.effect("P7.4: has nothing to begin with when every page is empty and there is always another", () =>
    Effect.gen(function*() {
      const { newest, reads } = makeEndless(() => [])
      assert.deepStrictEqual(yield* History.newestPage(newest), { messages: [], end: "reached" })
      assert.strictEqual(reads(), 2000)
    }))
})
