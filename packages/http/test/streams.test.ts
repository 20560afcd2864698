import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import {
  conversation,
  json,
  list,
  message,
  pageOf,
  reasonOf,
  type ReceivedRequest,
  start,
  validation
} from "./support.ts"

const hundred = Array.from({ length: 100 }, (_, index) => message(99 - index))
const at = (n: number): number => 1_700_000_000 + n

const collect = <A extends { readonly id: string }, E>(stream: Stream.Stream<A, E>) =>
  Effect.map(Stream.runCollect(stream), (items) => items.map(({ id }) => id))

const idsDown = (from: number, to: number): ReadonlyArray<string> =>
  Array.from({ length: from - to + 1 }, (_, index) => `m${from - index}`)

it.effect("reads all pages, in order", () =>
  Effect.gen(function*() {
    const { http } = yield* start((request) => pageOf(hundred, request, 7))
    assert.deepStrictEqual(yield* collect(http.messages()), idsDown(99, 0))
  }))

it.effect("reads all messages of one conversation", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start((request) => pageOf(hundred, request, 40), { dialect: "address" })
    assert.deepStrictEqual(yield* collect(http.conversationMessages({ addressId: "office" })), idsDown(99, 0))
    assert.strictEqual(log[0]?.path, "conversations/office/messages")
  }))

it.effect("P2.2: yields each message once although new messages shift every page", () =>
  Effect.gen(function*() {
    const items = [...hundred]
    const { http } = yield* start((request, index) => {
      if (index > 0) items.unshift(message(1000 + index))
      return pageOf(items, request, 10)
    })
    assert.deepStrictEqual(yield* collect(http.messages()), idsDown(99, 0))
  }))

it.effect("applies since, until and limit although the server ignores them", () =>
  Effect.gen(function*() {
    const { http } = yield* start((request) => pageOf(hundred, request, 10))
    assert.deepStrictEqual(yield* collect(http.messages({ since: at(20), until: at(80) })), idsDown(80, 20))
    assert.deepStrictEqual(yield* collect(http.messages({ until: at(80), limit: 15 })), idsDown(80, 66))
  }))

it.effect("repeated messages do not count towards limit", () =>
  Effect.gen(function*() {
    const items = [...hundred]
    const { http } = yield* start((request, index) => {
      if (index > 0) items.unshift(message(1000 + index))
      return pageOf(items, request, 10)
    })
    assert.deepStrictEqual(yield* collect(http.messages({ limit: 25 })), idsDown(99, 75))
  }))

it.effect("stops reading pages at since", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start((request) => pageOf(hundred, request, 10))
    yield* Stream.runDrain(http.messages({ since: at(85) }))
    assert.strictEqual(log.length, 2)
  }))

it.effect("reads at most two pages in advance", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start((request) => pageOf(hundred, request, 5))
    yield* http.messages().pipe(Stream.take(1), Stream.runDrain)
    assert.isAtMost(log.length, 3)
  }))

it.effect("emits each page as one chunk", () =>
  Effect.gen(function*() {
    const { http } = yield* start((request) => pageOf(hundred, request, 40))
    const sizes: Array<number> = []
    yield* Stream.runForEachArray(http.messages(), (chunk) => Effect.sync(() => sizes.push(chunk.length)))
    assert.deepStrictEqual(sizes, [40, 40, 20])
  }))

it.effect("can be run more than once", () =>
  Effect.gen(function*() {
    const { http } = yield* start((request) => pageOf(hundred, request, 40))
    const stream = http.messages()
    yield* Stream.runDrain(stream)
    assert.strictEqual((yield* collect(stream)).length, 100)
  }))

it.effect("fails at a cycle of links after each item was yielded once", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(({ query }) =>
      query["page_token"] === "b"
        ? list([message(1)], { next: "/api/fabric/messages?page_token=a" })
        : list([message(2)], { next: "/api/fabric/messages?page_token=b" })
    )
    const seen: Array<string> = []
    const reason = yield* reasonOf(Stream.runForEach(http.messages(), ({ id }) => Effect.sync(() => seen.push(id))))
    assert.strictEqual(reason._tag, "Malformed")
    assert.deepStrictEqual(seen, ["m2", "m1"])
    assert.isBelow(log.length, 5)
  }))

it.effect("fails at a foreign link after the items of its page", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => list([message(1)], { next: "https://elsewhere.test/" }))
    const seen: Array<string> = []
    const reason = yield* reasonOf(Stream.runForEach(http.messages(), ({ id }) => Effect.sync(() => seen.push(id))))
    assert.strictEqual(reason._tag, "ForeignLink")
    assert.deepStrictEqual(seen, ["m1"])
    assert.strictEqual(log.length, 1)
  }))

it.effect("P2.2: yields a conversation that moves from an unread page to the top", () =>
  Effect.gen(function*() {
    let items = Array.from({ length: 30 }, (_, index) => conversation(`c${index}`, 1_700_000_000_000 - index * 1000))
    const { http } = yield* start((request, index) => {
      if (index === 1) {
        items = [conversation("c25", 1_700_000_100_000), ...items.filter(({ id }) => id !== "c25")]
      }
      return pageOf(items, request, 10)
    })
    const found = yield* collect(http.conversations())
    assert.strictEqual(new Set(found).size, 30)
    assert.strictEqual(found.length, 30)
  }))

it.effect("yields conversations that move while the top is read again", () =>
  Effect.gen(function*() {
    let items = Array.from({ length: 60 }, (_, index) => conversation(`c${index}`, 1_700_000_000_000 - index * 1000))
    let now = 1_700_000_000_000
    const touch = (from: number, to: number) => {
      for (let n = from; n >= to; n--) {
        now += 1000
        items = [conversation(`c${n}`, now), ...items.filter(({ id }) => id !== `c${n}`)]
      }
    }
    const { http } = yield* start((request, index) => {
      // while the list is read: c30 to c59 move to the top, where c30 to c39 are on the page that was already read
      if (index === 1) touch(59, 30)
      // five more push half of those onto the second page
      if (index === 5) touch(4, 0)
      // before that page is read again, one of them moves from it to the top
      if (index === 7) touch(37, 37)
      return pageOf(items, request, 10)
    })
    const found = yield* collect(http.conversations())
    assert.strictEqual(found.length, 60)
    assert.strictEqual(new Set(found).size, 60)
  }))

it.effect("fails, and does not end, when a gateway's page is in the way of reading the top again", () =>
  Effect.gen(function*() {
    const items = Array.from({ length: 20 }, (_, index) => conversation(`c${index}`, 2_000_000_000_000 - index))
    const { http } = yield* start((request, index) =>
      index === 2 ? new Response("<html>welcome</html>") : pageOf(items, request, 10)
    )
    const read: Array<string> = []
    const reason = yield* reasonOf(
      Stream.runForEach(http.conversations(), ({ id }) => Effect.sync(() => read.push(id)))
    )
    assert.strictEqual(reason._tag, "Malformed")
    assert.strictEqual(read.length, 20)
  }))

it.effect("ends when the links of the top lead in a circle as it is read again", () =>
  Effect.gen(function*() {
    const old = [conversation("a", 1000), conversation("b", 900)]
    const moved = () =>
      list([conversation("c", 3000), conversation("d", 2900)], {
        next: "/api/fabric/conversations?page_token=2"
      })
    const { http, log } = yield* start((_, index) => {
      if (index === 0) return list(old, { next: "/api/fabric/conversations?page_token=2" })
      return index === 1 ? list([conversation("e", 800)]) : moved()
    })
    assert.deepStrictEqual(yield* collect(http.conversations()), ["a", "b", "e", "c", "d"])
    assert.strictEqual(log.length, 4)
  }))

it.effect.each([502, 503, 504])(
  "retries a page when a gateway responds in its place with %i",
  (status) =>
    Effect.gen(function*() {
      const { http } = yield* start(
        (request, index) =>
          index % 2 === 1 ? new Response("<html>bad gateway</html>", { status }) : pageOf(hundred, request, 40),
        { retry: Schedule.recurs(1) }
      )
      assert.deepStrictEqual(yield* collect(http.messages()), idsDown(99, 0))
    })
)

it.effect("reads the top again once when nothing has moved", () =>
  Effect.gen(function*() {
    const items = Array.from({ length: 30 }, (_, index) => conversation(`c${index}`, 1_700_000_000_000 - index * 1000))
    const { http, log } = yield* start((request) => pageOf(items, request, 10))
    assert.strictEqual((yield* collect(http.conversations())).length, 30)
    assert.strictEqual(log.length, 4)
  }))

it.effect("reads a list of one page once", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => list([conversation("a"), conversation("b")]))
    assert.deepStrictEqual(yield* collect(http.conversations()), ["a", "b"])
    assert.strictEqual(log.length, 1)
  }))

it.effect("stops reading the top again although conversations keep moving there", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(({ query }, index) =>
      list(
        [conversation(`c${index}`, 1_800_000_000_000 + index * 1000)],
        query["page_token"] === undefined ? { next: "/api/fabric/conversations?page_token=1" } : {}
      )
    )
    yield* Stream.runDrain(http.conversations())
    assert.strictEqual(log.length, 22)
  }))

it.effect("reads addresses page by page", () =>
  Effect.gen(function*() {
    const items = Array.from({ length: 12 }, (_, index) => ({ id: `a${index}`, name: `n${index}` }))
    const { http, log } = yield* start((request) => pageOf(items, request, 5))
    assert.strictEqual((yield* collect(http.addresses({ pageSize: 5 }))).length, 12)
    assert.deepStrictEqual(log[0]?.query, { page_size: "5" })
  }))

it.effect("fails when a page fails with a reason that is not retryable", () =>
  Effect.gen(function*() {
    const { http } = yield* start((request, index) => index === 1 ? json({}, 403) : pageOf(hundred, request, 40))
    const error = yield* Effect.flip(Stream.runDrain(http.messages()))
    assert.deepStrictEqual([error.method, error.reason._tag], ["messages", "Forbidden"])
  }))

/** A list, newest first, whose links go stale at each request for which `forgets` is true; `top` then adds an item on top. */
const withStaleLinks = (
  given: ReadonlyArray<unknown>,
  size: number,
  options: {
    readonly forgets: (index: number) => boolean
    readonly status?: number
    readonly top?: (index: number) => unknown
    /** The time of an item, if the server supports `until`. */
    readonly untilOf?: ((item: unknown) => number) | undefined
  }
) => {
  let items = given
  let generation = 0
  const { forgets, status = 422, top, untilOf } = options
  return ({ path, query }: ReceivedRequest, index: number): Response => {
    if (forgets(index)) {
      generation++
      if (top !== undefined) items = [top(index), ...items]
    }
    const [of = "", offset = "0", until = "Infinity"] = query["page_token"]?.split(",") ??
      [`${generation}`, "0", untilOf === undefined ? "Infinity" : query["until"]]
    if (of !== `${generation}`) return validation(status, "page_token", "page_token_is_invalid")
    const visible = items.filter((item) => untilOf === undefined || untilOf(item) <= Number(until))
    const end = Number(offset) + size
    const next = `/api/fabric/${path}?page_token=${generation},${end},${until}`
    return list(visible.slice(Number(offset), end), end < visible.length ? { next } : {})
  }
}

const tsOf = (item: unknown): number =>
  typeof item === "object" && item !== null && "ts" in item && typeof item.ts === "number" ? item.ts : 0

describe("when a link has gone stale", () => {
  it.effect.each([404, 410, 422])(
    "P2.2: a stream of messages continues where it was: %s",
    (status) =>
      Effect.gen(function*() {
        const server = withStaleLinks(hundred, 10, {
          status,
          forgets: (index) => index === 3 || index === 9,
          top: (index) => message(1000 + index)
        })
        const { http } = yield* start(server)
        assert.deepStrictEqual(yield* collect(http.messages()), idsDown(99, 0))
      })
  )

  it.effect("a stream of messages continues from its position if the server supports until", () =>
    Effect.gen(function*() {
      const server = withStaleLinks(hundred, 10, { forgets: (index) => index === 8, untilOf: tsOf })
      const { http, log } = yield* start(server)
      assert.deepStrictEqual(yield* collect(http.messages({ pageSize: 10 })), idsDown(99, 0))
      assert.deepStrictEqual(log[9]?.query, { page_size: "10", until: String(at(20)) })
      // ten pages, the stale link, and a page for the last item, which is read again
      assert.isAtMost(log.length, 12)
    }))

  it.effect("P2.2: a stream yields each of several messages of the same time", () =>
    Effect.gen(function*() {
      const items = Array.from({ length: 30 }, (_, index) => message(29 - index, 1_700_000_000))
      const { http } = yield* start(withStaleLinks(items, 10, { forgets: (index) => index === 2 }))
      assert.deepStrictEqual(yield* collect(http.messages()), idsDown(29, 0))
    }))

  it.effect.each([undefined, tsOf])(
    "P2.2: a stream of messages repeats none, although it remembers only the last ids",
    (untilOf) =>
      Effect.gen(function*() {
        const items = Array.from({ length: 34_000 }, (_, index) => message(33_999 - index))
        const { http } = yield* start(
          withStaleLinks(items, 400, { forgets: (index) => index === 70, top: () => message(40_000), untilOf })
        )
        assert.deepStrictEqual(yield* collect(http.messages()), idsDown(33_999, 0))
      })
  )

  it.effect("limit counts the messages before and after a restart", () =>
    Effect.gen(function*() {
      const { http } = yield* start(withStaleLinks(hundred, 10, { forgets: (index) => index === 3 }))
      assert.deepStrictEqual(yield* collect(http.messages({ limit: 45, until: at(90) })), idsDown(90, 46))
    }))

  it.effect("P2.2: a stream of conversations restarts, and yields each once", () =>
    Effect.gen(function*() {
      const items = Array.from(
        { length: 60 },
        (_, index) => conversation(`c${index}`, 1_700_000_000_000 - index * 1000)
      )
      const server = withStaleLinks(items, 10, {
        // while the list is read, and while its top is read again
        forgets: (index) => index === 3 || index === 11,
        top: (index) => conversation(`n${index}`, 1_700_000_000_000 + index * 1000)
      })
      const { http } = yield* start(server)
      const found = yield* collect(http.conversations())
      assert.strictEqual(new Set(found).size, found.length)
      assert.isEmpty(items.filter(({ id }) => !found.includes(id)))
    }))

  it.effect("a stream of a list without an order fails when it no longer remembers all ids", () =>
    Effect.gen(function*() {
      const items = Array.from({ length: 12_000 }, (_, index) => ({ id: `a${index}`, name: `n${index}` }))
      const { http } = yield* start(withStaleLinks(items, 1000, { forgets: (index) => index === 11 }))
      const seen: Array<string> = []
      const reason = yield* reasonOf(Stream.runForEach(http.addresses(), ({ id }) => Effect.sync(() => seen.push(id))))
      assert.strictEqual(reason._tag, "Invalid")
      assert.strictEqual(new Set(seen).size, seen.length)
    }))

  it.effect("a stream fails after five restarts without a new item", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start(withStaleLinks(hundred, 10, { forgets: () => true }))
      const seen: Array<string> = []
      const reason = yield* reasonOf(Stream.runForEach(http.messages(), ({ id }) => Effect.sync(() => seen.push(id))))
      assert.strictEqual(reason._tag, "Invalid")
      assert.deepStrictEqual(seen, idsDown(99, 90))
      assert.strictEqual(log.length, 12)
    }))

  it.effect("a stream is restarted more often than five times as long as each restart has new items", () =>
    Effect.gen(function*() {
      const items = Array.from({ length: 200 }, (_, index) => message(199 - index))
      const { http, log } = yield* start(
        withStaleLinks(items, 10, { forgets: (index) => index % 3 === 2, untilOf: tsOf })
      )
      assert.deepStrictEqual(yield* collect(http.messages({ pageSize: 10 })), idsDown(199, 0))
      assert.isAbove(log.filter(({ query }) => "until" in query && !("page_token" in query)).length, 5)
    }))

  it.effect("a stream is not restarted when its first page is refused", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start(() => validation(422, "page_size"))
      assert.strictEqual((yield* reasonOf(Stream.runDrain(http.messages())))._tag, "Invalid")
      assert.strictEqual(log.length, 1)
    }))
})
