import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { setImmediate } from "node:timers/promises"
import { ConversationError } from "../src/ConversationError.ts"
import * as Recovery from "../src/internal/recovery.ts"
import { collectGarbage } from "./collectGarbage.ts"
import { makeEndless, message, type Messages, page } from "./support.ts"

const at = (epochSeconds: number, name = "m") => message(`${name}${epochSeconds}`, epochSeconds)

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** A history whose links count from its newest message, so that added messages shift the pages. */
const makeHistory = (initial: ReadonlyArray<ConversationMessage>, pageSize = 2) => {
  let all = initial
  let reads = 0
  let stale = 0
  let restarts = 0
  const link = (from: number, issuedAfter = restarts): Messages["next"] =>
    Effect.suspend(() => {
      if (stale-- > 0 || issuedAfter < restarts) {
        const reason = Reason.invalidParameter("page_token", "is invalid")
        return Effect.fail(new ConversationError({ method: "timeline", reason }))
      }
      return Effect.sync(() => from < all.length ? Option.some(read(from)) : Option.none())
    })
  const read = (from: number): Messages => {
    reads++
    const after = from + pageSize
    return page(all.slice(from, after), after < all.length ? link(after) : undefined)
  }
  return {
    newest: Effect.sync(() => read(0)),
    reads: () => reads,
    add: (...messages: ReadonlyArray<ConversationMessage>) => {
      all = [...messages, ...all]
    },
    /** Deletes all but the newest messages. */
    keep: (count: number) => {
      all = all.slice(0, count)
    },
    goStale: (links: number) => {
      stale = links
    },
    /** The server does not know the links any more that it has issued. */
    restart: () => {
      restarts++
    }
  }
}

const countdown = (from: number, to = 1) => Array.from({ length: from - to + 1 }, (_, index) => at(from - index))

/** Reads all parts, and runs `between` after each. Returns the messages of each part, oldest first. */
const readAll = Effect.fnUntraced(function*(
  options: { readonly newest: Recovery.Options["newest"]; readonly limit: number },
  epochSeconds: number | null,
  between: () => void = () => {}
) {
  const parts: Array<ReadonlyArray<ConversationMessage>> = []
  let part = yield* Recovery.readPart({ ...options, method: "timeline" }, epochSeconds, undefined)
  parts.push(part.messages.toReversed())
  while (part.remainder !== undefined) {
    between()
    part = yield* Recovery.readPart({ ...options, method: "timeline" }, epochSeconds, part.remainder)
    parts.push(part.messages.toReversed())
  }
  return parts
})

const timesOf = (parts: ReadonlyArray<ReadonlyArray<ConversationMessage>>) =>
  parts.map((part) => part.map(({ epochSeconds }) => epochSeconds))

const distinct = (parts: ReadonlyArray<ReadonlyArray<ConversationMessage>>) => [
  ...new Set(parts.flat().map(({ id }) => id))
]

describe("recovery", () => {
  it.effect("reads one part when all messages fit", () =>
    Effect.gen(function*() {
      const { newest, reads } = makeHistory(countdown(5))
      assert.deepStrictEqual(timesOf(yield* readAll({ newest, limit: 100 }, 2)), [[1, 2, 3, 4, 5]])
      assert.strictEqual(reads(), 3)
    }))

  it.effect("P1.1: reads the oldest part first, and each part continues where the one before it ended", () =>
    Effect.gen(function*() {
      const { newest } = makeHistory(countdown(8))
      const parts = timesOf(yield* readAll({ newest, limit: 3 }, null))
      assert.deepStrictEqual(parts[0], [1, 2, 3])
      for (let index = 1; index < parts.length; index++) {
        const reached = parts[index - 1]?.at(-1)
        assert.isTrue(reached !== undefined && parts[index]?.includes(reached), `part ${index}`)
      }
    }))

  it.effect("P7.3: returns at most the limit, a page and the messages of one time", () =>
    Effect.gen(function*() {
      const { newest } = makeHistory(countdown(1000), 10)
      for (const part of yield* readAll({ newest, limit: 50 }, null)) assert.isAtMost(part.length, 50 + 2 * 10)
    }))

  it.effect("P7.3: holds no more pages in memory than the limit while it reads, apart from a few", () =>
    Effect.gen(function*() {
      const pages: Array<WeakRef<Messages["data"]>> = []
      const held: Array<number> = []
      const countHeld = Effect.promise(async () => {
        // weak references are not cleared within the task that made them
        await setImmediate()
        collectGarbage()
        held.push(pages.filter((page) => page.deref() !== undefined).length)
      })
      const watch = ({ next, ...page }: Messages): Messages => {
        pages.push(new WeakRef(page.data))
        const count = pages.length % 25 === 0 ? countHeld : Effect.void
        return { ...page, next: Effect.andThen(count, Effect.map(next, Option.map(watch))) }
      }
      const { newest } = makeHistory(countdown(1000), 10)
      const options = { method: "timeline", newest: Effect.map(newest, watch), limit: 50 }
      yield* Recovery.readPart(options, null, undefined)
      assert.lengthOf(pages, 100)
      assert.lengthOf(held, 4)
      // five pages make the limit
      assert.isAtMost(Math.max(...held), 10)
    }))

  it.effect("reads every page about twice, however many parts there are", () =>
    Effect.gen(function*() {
      const { newest, reads } = makeHistory(countdown(10_000), 10)
      const parts = yield* readAll({ newest, limit: 100 }, null)
      assert.isAbove(parts.length, 50)
      assert.isBelow(reads(), 3 * 1000)
    }))

  it.effect("reads all messages of more pages than it keeps links to", () =>
    Effect.gen(function*() {
      const { newest, reads } = makeHistory(countdown(9000))
      const parts = yield* readAll({ newest, limit: 1000 }, null)
      assert.strictEqual(distinct(parts).length, 9000)
      // 4500 pages, each about twice
      assert.isBelow(reads(), 3 * 4500)
    }))

  it.effect("P7.3: keeps at most 1024 links, however many pages there are", () =>
    Effect.gen(function*() {
      const { newest } = makeHistory(countdown(9000))
      const { remainder } = yield* Recovery.readPart({ method: "timeline", newest, limit: 10 }, null, undefined)
      assert.isAtMost(remainder?.released.length ?? 0, 1024)
      assert.isAtLeast(remainder?.released.length ?? 0, 512)
      // all pages but the buffered one
      const { newest: shorter } = makeHistory(countdown(2 * 1025))
      const part = yield* Recovery.readPart({ method: "timeline", newest: shorter, limit: 2 }, null, undefined)
      assert.lengthOf(part.remainder?.released ?? [], 1024)
    }))

  it.effect("P1.1: reads messages that are stored meanwhile and shift the pages", () =>
    Effect.gen(function*() {
      const { add, newest } = makeHistory(countdown(20))
      let latest = 20
      const parts = yield* readAll({ newest, limit: 4 }, 5, () => {
        if (latest < 26) add(at(++latest))
      })
      const ids = distinct(parts)
      assert.isAbove(latest, 22)
      for (let time = 6; time <= latest; time++) assert.include(ids, `m${time}`)
    }))

  it.effect("P1.1: returns the newest time as of the first part", () =>
    Effect.gen(function*() {
      const { add, newest } = makeHistory(countdown(12))
      const options = { newest, limit: 4, method: "timeline" }
      const first = yield* Recovery.readPart(options, 1, undefined)
      add(at(13))
      assert.deepStrictEqual([
        first.newestSeconds,
        (yield* Recovery.readPart(options, 1, first.remainder)).newestSeconds
      ], [12, 12])
    }))

  it.effect("P1.1: returns the newest time as of the first part, even if a later part starts over after a stale link", () =>
    Effect.gen(function*() {
      const { add, goStale, newest } = makeHistory(countdown(12))
      const options = { newest, limit: 4, method: "timeline" }
      const first = yield* Recovery.readPart(options, 1, undefined)
      add(at(13))
      goStale(1)
      assert.strictEqual((yield* Recovery.readPart(options, 1, first.remainder)).newestSeconds, 12)
    }))

  it.effect("P1.1: starts over from the newest page when a link is stale, and continues where it was", () =>
    Effect.gen(function*() {
      const { goStale, newest } = makeHistory(countdown(12))
      let parts = 0
      const read = yield* readAll({ newest, limit: 4 }, 1, () => {
        if (++parts === 1) goStale(2)
      })
      assert.deepStrictEqual(distinct(read).length, 12)
      assert.strictEqual(timesOf(read)[0]?.[0], 1)
      assert.isAbove(timesOf(read)[1]?.[0] ?? 0, 1)
    }))

  it.effect("P1.1: reads all messages although the server restarts between two parts, and knows no link any more", () =>
    Effect.gen(function*() {
      const { newest, restart } = makeHistory(countdown(20))
      const read = yield* readAll({ newest, limit: 4 }, null, restart)
      assert.lengthOf(distinct(read), 20)
    }))

  it.effect("reads about as many new messages in each part as the limit", () =>
    Effect.gen(function*() {
      const { newest } = makeHistory(countdown(12))
      const parts = timesOf(yield* readAll({ newest, limit: 4 }, null))
      // whole pages, so that each part begins with messages of the one before it
      assert.deepStrictEqual(parts, [[1, 2, 3], [1, 2, 3, 4, 5, 6, 7], [5, 6, 7, 8, 9, 10, 11, 12]])
    }))

  it.effect("fails when links are refused again and again", () =>
    Effect.gen(function*() {
      const { goStale, newest } = makeHistory(countdown(12))
      goStale(1000)
      const error = yield* Effect.flip(readAll({ newest, limit: 4 }, 1))
      assert.strictEqual(error.reason._tag, "Invalid")
    }))

  it.effect("P7.4: fails when history does not end", () =>
    Effect.gen(function*() {
      const { newest, reads } = makeEndless((number) => [at(1_000_000 - number)])
      const { reason } = yield* Effect.flip(readAll({ newest, limit: 100 }, null))
      assert.strictEqual(reason._tag === "Malformed" && reason.path, "links.next")
      assert.strictEqual(reads(), 10_000)
    }))

  it.effect("P7.4: fails when history does not end at the time to which it is read", () =>
    Effect.gen(function*() {
      const { newest, reads } = makeEndless((number) =>
        Array.from({ length: 1000 }, (_, index) => at(5, `p${number}-${index}-`))
      )
      const { reason } = yield* Effect.flip(readAll({ newest, limit: 100 }, 5))
      assert.strictEqual(reason._tag === "Malformed" && reason.path, "links.next")
      assert.strictEqual(reads(), 101)
    }))

  it.effect("reads back over more messages than it reads of one time", () =>
    Effect.gen(function*() {
      const { newest } = makeHistory(countdown(110_000), 1000)
      const part = yield* Recovery.readPart({ method: "timeline", newest, limit: 100 }, 1, undefined)
      assert.strictEqual(part.messages.at(-1)?.epochSeconds, 1)
    }))

  it.effect("fails at once when the newest page can't be read", () =>
    Effect.gen(function*() {
      let reads = 0
      const newest = Effect.suspend(() => {
        reads++
        return Effect.fail(
          new ConversationError({ method: "timeline", reason: new Reason.NotFound({ detail: "no such room" }) })
        )
      })
      yield* Effect.flip(readAll({ newest, limit: 100 }, null))
      assert.strictEqual(reads, 1)
    }))

  it.effect("P1.1: continues where it was when the messages of a part were deleted before it was read", () =>
    Effect.gen(function*() {
      const { keep, newest } = makeHistory(countdown(12))
      const options = { newest, limit: 2, method: "timeline" }
      const first = yield* Recovery.readPart(options, 1, undefined)
      keep(4)
      const second = yield* Recovery.readPart(options, 1, first.remainder)
      assert.deepStrictEqual([first.messages.map(({ epochSeconds }) => epochSeconds), second.messages], [[3, 2, 1], []])
      assert.deepInclude(second.remainder, { through: 3, newestSeconds: 12 })
    }))

  it.effect("P1.1: leaves the messages of the newest time of a part to the next, where all of them are", () =>
    Effect.gen(function*() {
      // pages: 6 5 | 5 5 | 4 3 | 2 1
      const { newest } = makeHistory([at(6), at(5, "a"), at(5, "b"), at(5, "c"), at(4), at(3), at(2), at(1)])
      const options = { newest, limit: 4, method: "timeline" }
      const first = yield* Recovery.readPart(options, 2, undefined)
      assert.deepStrictEqual(first.messages.map(({ epochSeconds }) => epochSeconds), [4, 3, 2, 1])
      assert.strictEqual(first.remainder?.through, 4)
      const last = yield* Recovery.readPart(options, 2, first.remainder)
      assert.deepStrictEqual(last.messages.map(({ epochSeconds }) => epochSeconds), [6, 5, 5, 5, 4, 3])
      assert.isUndefined(last.remainder)
    }))

  it.effect("stops at the page that has a message before the point, and not at one that ends with the point", () =>
    Effect.gen(function*() {
      const { newest, reads } = makeHistory([
        at(9),
        at(5, "a"),
        at(5, "b"),
        at(5, "c"),
        at(5, "d"),
        at(4),
        at(3),
        at(2)
      ])
      assert.deepStrictEqual(timesOf(yield* readAll({ newest, limit: 100 }, 5)), [[4, 5, 5, 5, 5, 9]])
      assert.strictEqual(reads(), 3)
    }))

  it.effect("reads no further than a page whose last message is before the point", () =>
    Effect.gen(function*() {
      const { newest, reads } = makeHistory(countdown(9), 3)
      assert.deepStrictEqual(timesOf(yield* readAll({ newest, limit: 100 }, 8)), [[7, 8, 9]])
      assert.strictEqual(reads(), 1)
    }))

  it.effect("names the method and the number of pages when history does not end", () =>
    Effect.gen(function*() {
      const { newest } = makeEndless(() => [])
      const error = yield* Effect.flip(Recovery.readPart({ method: "timeline", newest, limit: 100 }, null, undefined))
      assert.strictEqual(error.method, "timeline")
      assert.include(error.message, "within 10000 pages")
    }))

  it.effect("continues after messages of one time that exceed the limit", () =>
    Effect.gen(function*() {
      const sameTime = Array.from({ length: 30 }, (_, index) => at(5, `x${index}-`))
      const { newest } = makeHistory([at(7), at(6), ...sameTime, at(4), at(3)])
      const parts = yield* readAll({ newest, limit: 4 }, 3)
      assert.strictEqual(distinct(parts).length, 34)
    }))

  it.effect.prop(
    "P1.1 P3.1: reads all messages after the point, and the parts in order, for any times, pages and limit",
    {
      times: Schema.Array(between(0, 40)).check(Schema.isMaxLength(60)),
      pageSize: between(1, 7),
      limit: between(1, 12),
      from: Schema.NullOr(between(0, 40))
    },
    ({ from, limit, pageSize, times }) =>
      Effect.gen(function*() {
        const all = times.toSorted((a, b) => b - a).map((time, index) => at(time, `n${index}-`))
        const parts = yield* readAll({ newest: makeHistory(all, pageSize).newest, limit }, from)
        const ids = new Set(distinct(parts))
        for (const { epochSeconds, id } of all) {
          if (from === null || epochSeconds > from) assert.isTrue(ids.has(id), `${id} is missing`)
        }
        // the new messages of a part do not precede the end of the part before it
        let reached = Number.NEGATIVE_INFINITY
        const known = new Set<string>()
        for (const part of parts) {
          for (const { epochSeconds, id } of part) {
            if (!known.has(id) && (from === null || epochSeconds > from)) assert.isAtLeast(epochSeconds, reached, id)
            known.add(id)
          }
          reached = part.at(-1)?.epochSeconds ?? reached
        }
      })
  )
})
