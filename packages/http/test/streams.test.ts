import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { conversation, json, list, message, pageOf, reasonOf, type Seen, start, validation } from "./support.ts"

const hundred = Array.from({ length: 100 }, (_, index) => message(99 - index))
const at = (n: number): number => 1_700_000_000 + n

const collect = <A extends { readonly id: string }, E>(stream: Stream.Stream<A, E>) =>
  Effect.map(Stream.runCollect(stream), (items) => items.map(({ id }) => id))

const down = (from: number, to: number): ReadonlyArray<string> =>
  Array.from({ length: from - to + 1 }, (_, index) => `m${from - index}`)

it.effect("reads all pages, in order", () =>
  Effect.gen(function*() {
    const { http } = yield* start((request) => pageOf(hundred, request, 7))
    assert.deepStrictEqual(yield* collect(http.messages()), down(99, 0))
  }))

it.effect("messages of one conversation are read the same way", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start((request) => pageOf(hundred, request, 40), { dialect: "address" })
    assert.deepStrictEqual(yield* collect(http.conversationMessages({ addressId: "office" })), down(99, 0))
    assert.strictEqual(log[0]?.path, "conversations/office/messages")
  }))

it.effect("P2.2: yields each message once although a new one shifts every page", () =>
  Effect.gen(function*() {
    const items = [...hundred]
    const { http } = yield* start((request, index) => {
      if (index > 0) items.unshift(message(1000 + index))
      return pageOf(items, request, 10)
    })
    assert.deepStrictEqual(yield* collect(http.messages()), down(99, 0))
  }))

it.effect("since, until and limit hold against a server that ignores them", () =>
  Effect.gen(function*() {
    const { http } = yield* start((request) => pageOf(hundred, request, 10))
    assert.deepStrictEqual(yield* collect(http.messages({ since: at(20), until: at(80) })), down(80, 20))
    assert.deepStrictEqual(yield* collect(http.messages({ until: at(80), limit: 15 })), down(80, 66))
  }))

it.effect("a limit counts messages, not repetitions", () =>
  Effect.gen(function*() {
    const items = [...hundred]
    const { http } = yield* start((request, index) => {
      if (index > 0) items.unshift(message(1000 + index))
      return pageOf(items, request, 10)
    })
    assert.deepStrictEqual(yield* collect(http.messages({ limit: 25 })), down(99, 75))
  }))

it.effect("stops reading at since", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start((request) => pageOf(hundred, request, 10))
    yield* Stream.runDrain(http.messages({ since: at(85) }))
    assert.strictEqual(log.length, 2)
  }))

it.effect("reads no page that nobody asks for, but two ahead", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start((request) => pageOf(hundred, request, 5))
    yield* http.messages().pipe(Stream.take(1), Stream.runDrain)
    assert.isAtMost(log.length, 3)
  }))

it.effect("each page is one chunk", () =>
  Effect.gen(function*() {
    const { http } = yield* start((request) => pageOf(hundred, request, 40))
    const sizes: Array<number> = []
    yield* Stream.runForEachArray(http.messages(), (chunk) => Effect.sync(() => sizes.push(chunk.length)))
    assert.deepStrictEqual(sizes, [40, 40, 20])
  }))

it.effect("the same stream can be run again", () =>
  Effect.gen(function*() {
    const { http } = yield* start((request) => pageOf(hundred, request, 40))
    const stream = http.messages()
    yield* Stream.runDrain(stream)
    assert.strictEqual((yield* collect(stream)).length, 100)
  }))

it.effect("links that lead in a circle end in a failure after everything was yielded once", () =>
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

it.effect("a foreign link fails the stream after the page that held it", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => list([message(1)], { next: "https://elsewhere.test/" }))
    const seen: Array<string> = []
    const reason = yield* reasonOf(Stream.runForEach(http.messages(), ({ id }) => Effect.sync(() => seen.push(id))))
    assert.strictEqual(reason._tag, "ForeignLink")
    assert.deepStrictEqual(seen, ["m1"])
    assert.strictEqual(log.length, 1)
  }))

it.effect("P2.2: a conversation that moves from an unread page to the top is not missed", () =>
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

it.effect("conversations that move while the top is read again are not missed", () =>
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
      // While the list is read: c30 to c59 go to the top, where c30 to c39 are on the page that was read already.
      if (index === 1) touch(59, 30)
      // Five more push half of those onto the second page.
      if (index === 5) touch(4, 0)
      // Before that page is read again, one of them leaves it for the top.
      if (index === 7) touch(37, 37)
      return pageOf(items, request, 10)
    })
    const found = yield* collect(http.conversations())
    assert.strictEqual(found.length, 60)
    assert.strictEqual(new Set(found).size, 60)
  }))

it.effect("the top is read again once when nothing moved", () =>
  Effect.gen(function*() {
    const items = Array.from({ length: 30 }, (_, index) => conversation(`c${index}`, 1_700_000_000_000 - index * 1000))
    const { http, log } = yield* start((request) => pageOf(items, request, 10))
    assert.strictEqual((yield* collect(http.conversations())).length, 30)
    assert.strictEqual(log.length, 4)
  }))

it.effect("a list of one page is not read twice", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => list([conversation("a"), conversation("b")]))
    assert.deepStrictEqual(yield* collect(http.conversations()), ["a", "b"])
    assert.strictEqual(log.length, 1)
  }))

it.effect("reading the top again ends although it never comes to rest", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(({ query }, index) =>
      list(
        [conversation(`c${index}`, 1_800_000_000_000 + index * 1000)],
        query["page_token"] === undefined ? { next: "/api/fabric/conversations?page_token=1" } : {}
      )
    )
    yield* Stream.runDrain(http.conversations())
    assert.isBelow(log.length, 30)
  }))

it.effect("addresses are read page by page", () =>
  Effect.gen(function*() {
    const items = Array.from({ length: 12 }, (_, index) => ({ id: `a${index}`, name: `n${index}` }))
    const { http, log } = yield* start((request) => pageOf(items, request, 5))
    assert.strictEqual((yield* collect(http.addresses({ pageSize: 5 }))).length, 12)
    assert.deepStrictEqual(log[0]?.query, { page_size: "5" })
  }))

it.effect("a page that fails for good fails the stream", () =>
  Effect.gen(function*() {
    const { http } = yield* start((request, index) => index === 1 ? json({}, 403) : pageOf(hundred, request, 40))
    const error = yield* Effect.flip(Stream.runDrain(http.messages()))
    assert.deepStrictEqual([error.method, error.reason._tag], ["messages", "Forbidden"])
  }))

/** Newest first, in pages whose links are forgotten at each request that `forgets` names, while something comes on top. */
const makeForgetful = (
  given: ReadonlyArray<unknown>,
  size: number,
  options: {
    readonly forgets: (index: number) => boolean
    readonly status?: number
    readonly top?: (index: number) => unknown
    /** Whether it minds `until`. */
    readonly untilOf?: ((item: unknown) => number) | undefined
  }
) => {
  let items = given
  let life = 0
  const { forgets, status = 422, top, untilOf } = options
  return ({ path, query }: Seen, index: number): Response => {
    if (forgets(index)) {
      life++
      if (top !== undefined) items = [top(index), ...items]
    }
    const [of = "", offset = "0", until = "Infinity"] = query["page_token"]?.split(",") ??
      [`${life}`, "0", untilOf === undefined ? "Infinity" : query["until"]]
    if (of !== `${life}`) return validation(status, "page_token", "page_token_is_invalid")
    const visible = items.filter((item) => untilOf === undefined || untilOf(item) <= Number(until))
    const end = Number(offset) + size
    const next = `/api/fabric/${path}?page_token=${life},${end},${until}`
    return list(visible.slice(Number(offset), end), end < visible.length ? { next } : {})
  }
}

const tsOf = (item: unknown): number =>
  typeof item === "object" && item !== null && "ts" in item && typeof item.ts === "number" ? item.ts : 0

describe("when the server no longer knows a link", () => {
  it.effect.each([404, 410, 422])(
    "P2.2: a stream of messages goes on where it was: %s",
    (status) =>
      Effect.gen(function*() {
        const server = makeForgetful(hundred, 10, {
          status,
          forgets: (index) => index === 3 || index === 9,
          top: (index) => message(1000 + index)
        })
        const { http } = yield* start(server)
        assert.deepStrictEqual(yield* collect(http.messages()), down(99, 0))
      })
  )

  it.effect("a stream of messages is read on from there, by a server that minds it", () =>
    Effect.gen(function*() {
      const server = makeForgetful(hundred, 10, { forgets: (index) => index === 8, untilOf: tsOf })
      const { http, log } = yield* start(server)
      assert.deepStrictEqual(yield* collect(http.messages({ pageSize: 10 })), down(99, 0))
      assert.deepStrictEqual(log[9]?.query, { page_size: "10", until: String(at(20)) })
      // ten pages, one link in vain, and the last item that was read once more
      assert.isAtMost(log.length, 12)
    }))

  it.effect("P2.2: messages of one time are told apart", () =>
    Effect.gen(function*() {
      const items = Array.from({ length: 30 }, (_, index) => message(29 - index, 1_700_000_000))
      const { http } = yield* start(makeForgetful(items, 10, { forgets: (index) => index === 2 }))
      assert.deepStrictEqual(yield* collect(http.messages()), down(29, 0))
    }))

  it.effect.each([undefined, tsOf])(
    "P2.2: a stream of messages repeats nothing although it remembers only the last of them",
    (untilOf) =>
      Effect.gen(function*() {
        const items = Array.from({ length: 34_000 }, (_, index) => message(33_999 - index))
        const { http } = yield* start(
          makeForgetful(items, 400, { forgets: (index) => index === 70, top: () => message(40_000), untilOf })
        )
        assert.deepStrictEqual(yield* collect(http.messages()), down(33_999, 0))
      })
  )

  it.effect("a limit counts on", () =>
    Effect.gen(function*() {
      const { http } = yield* start(makeForgetful(hundred, 10, { forgets: (index) => index === 3 }))
      assert.deepStrictEqual(yield* collect(http.messages({ limit: 45, until: at(90) })), down(90, 46))
    }))

  it.effect("P2.2: a stream of conversations begins again, and yields each once", () =>
    Effect.gen(function*() {
      const items = Array.from(
        { length: 60 },
        (_, index) => conversation(`c${index}`, 1_700_000_000_000 - index * 1000)
      )
      const server = makeForgetful(items, 10, {
        // while the list is read, and while its top is read again
        forgets: (index) => index === 3 || index === 11,
        top: (index) => conversation(`n${index}`, 1_700_000_000_000 + index * 1000)
      })
      const { http } = yield* start(server)
      const found = yield* collect(http.conversations())
      assert.strictEqual(new Set(found).size, found.length)
      assert.isEmpty(items.filter(({ id }) => !found.includes(id)))
    }))

  it.effect("a list without an order ends in the failure rather than repeat what it forgot", () =>
    Effect.gen(function*() {
      const items = Array.from({ length: 12_000 }, (_, index) => ({ id: `a${index}`, name: `n${index}` }))
      const { http } = yield* start(makeForgetful(items, 1000, { forgets: (index) => index === 11 }))
      const seen: Array<string> = []
      const reason = yield* reasonOf(Stream.runForEach(http.addresses(), ({ id }) => Effect.sync(() => seen.push(id))))
      assert.strictEqual(reason._tag, "Invalid")
      assert.strictEqual(new Set(seen).size, seen.length)
    }))

  it.effect("a stream ends in the failure when that is so again and again", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start(makeForgetful(hundred, 10, { forgets: () => true }))
      const seen: Array<string> = []
      const reason = yield* reasonOf(Stream.runForEach(http.messages(), ({ id }) => Effect.sync(() => seen.push(id))))
      assert.strictEqual(reason._tag, "Invalid")
      assert.deepStrictEqual(seen, down(99, 90))
      assert.strictEqual(log.length, 12)
    }))

  it.effect("a list that is refused from its top on is not asked for again", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start(() => validation(422, "page_size"))
      assert.strictEqual((yield* reasonOf(Stream.runDrain(http.messages())))._tag, "Invalid")
      assert.strictEqual(log.length, 1)
    }))
})
