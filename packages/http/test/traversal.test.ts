/** Reading lists whose links have no end, page by page and as a stream. */
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import type * as Page from "@effect-signalwire/schema/Page"
import type { Reason } from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { list, message, reasonOf, type ReceivedRequest, secret, start } from "./support.ts"

const linkTo = (token: number | string) => `/api/fabric/messages?page_token=${token}`

/** A server whose pages always link to another one; `items` are those of the response to the request `index`. */
const endless = (items: (index: number) => ReadonlyArray<unknown>) => (_: ReceivedRequest, index: number) =>
  list(items(index), { next: linkTo(index) })

/** A server whose first page links to the first of these links, each of those to the next one, and the last to `to`. */
const cyclic = (links: ReadonlyArray<string>, to: string) => ({ query }: ReceivedRequest) => {
  const index = links.findIndex((link) => link.endsWith(`=${query["page_token"]}`)) + 1
  return list([message(100 - index)], { next: links[index] ?? to })
}

type Messages = Page.Page<{ readonly id: string }, SignalWireHttpError>

/** Reads page after page, and returns the ids of their items. */
const readPages = Effect.fnUntraced(function*(first: Messages, direction: "next" | "prev" = "next") {
  const ids: Array<string> = []
  for (let page = Option.some(first); Option.isSome(page); page = yield* page.value[direction]) {
    ids.push(...page.value.data.map(({ id }) => id))
  }
  return ids
})

/** Advances the test clock until an effect is done. */
const untilDone = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("50 millis")
    return yield* Fiber.join(fiber)
  })

/** The two ways to read a whole list. */
const ways = [
  {
    way: "page by page",
    read: (http: Effect.Success<ReturnType<typeof start>>["http"]) =>
      Effect.asVoid(Effect.flatMap(http.getMessages(), readPages))
  },
  {
    way: "as a stream",
    read: (http: Effect.Success<ReturnType<typeof start>>["http"]) => Stream.runDrain(http.messages())
  }
]

/** Asserts that a reason is `Malformed` and quotes a link. */
const assertMalformedLink = (reason: Reason, link: string, path = "links.next") => {
  if (reason._tag !== "Malformed") throw reason
  assert.strictEqual(reason.path, path)
  assert.include(reason.detail, link)
}

describe.each(ways)("P7.4: reading a list $way", ({ read }) => {
  it.effect("fails where a page links to itself", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start(cyclic([linkTo("a")], linkTo("a")))
      assertMalformedLink(yield* reasonOf(read(http)), linkTo("a"))
      assert.strictEqual(log.length, 2)
    }))

  it.effect("fails where the first page links to itself", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start(() => list([message(1), message(2)], { next: "/api/fabric/messages" }))
      assertMalformedLink(yield* reasonOf(read(http)), "/api/fabric/messages")
      assert.strictEqual(log.length, 2)
    }))

  it.effect.each([2, 3, 2048])(
    "fails where %s pages link to each other in a cycle",
    (length) =>
      Effect.gen(function*() {
        const links = Array.from({ length }, (_, index) => linkTo(`p${index}`))
        const { http, log } = yield* start(cyclic(links, linkTo("p0")))
        assertMalformedLink(yield* reasonOf(read(http)), linkTo("p0"))
        assert.strictEqual(log.length, length + 1)
      })
  )

  it.effect("fails where a page links to itself by another URL", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start((_, index) =>
        list([message(1)], { next: `https://user${index}@fabric.example.test/api/fabric/messages#${index}` })
      )
      assertMalformedLink(yield* reasonOf(read(http)), "/api/fabric/messages")
      assert.strictEqual(log.length, 2)
    }))

  it.effect.each([
    { what: "no items", items: () => [] },
    { what: "the same items", items: () => [message(2), message(1)] },
    { what: "one of the same two items", items: (index: number) => [message(index % 2)] }
  ])("fails after 32 pages in a row with $what, although each has a new link", ({ items }) =>
    Effect.gen(function*() {
      const { http, log } = yield* start(endless(items))
      const reason = yield* untilDone(reasonOf(read(http)))
      assertMalformedLink(reason, linkTo(log.length - 1))
      assert.include(reason.message, "32 pages in a row have no new items")
      assert.isAtMost(log.length, 34)
    }))

  it.effect("pauses between pages without new items, from 100 milliseconds up to 5 seconds", () =>
    Effect.gen(function*() {
      const times: Array<number> = []
      const { http } = yield* start(({ url }) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          times.push(now)
          return list([], { next: `${url.pathname}?page_token=${times.length}` })
        })
      )
      yield* untilDone(reasonOf(read(http)))
      const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0))
      assert.deepStrictEqual(pauses.slice(0, 12), [0, 0, 0, 0, 100, 200, 400, 800, 1600, 3200, 5000, 5000])
      assert.strictEqual(Math.max(...pauses), 5000)
    }))

  it.effect("does not fail before 32 pages in a row have no new items", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start((_, index) =>
        list(index % 32 === 0 ? [message(1000 - index)] : [], index < 96 ? { next: linkTo(index) } : {})
      )
      yield* untilDone(read(http))
      assert.strictEqual(log.length, 97)
    }))

  it.effect("does not pause while at most five pages in a row have no new items", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start((_, index) =>
        list(index % 5 === 0 ? [message(1000 - index)] : [], index < 40 ? { next: linkTo(index) } : {})
      )
      // the clock stands still
      yield* read(http)
      assert.strictEqual(log.length, 41)
    }))

  it.effect("does not fail while some pages have new items", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start((_, index) =>
        list(index % 20 === 0 ? [message(1000 - index)] : [], index < 200 ? { next: linkTo(index) } : {})
      )
      yield* untilDone(read(http))
      assert.strictEqual(log.length, 201)
    }))

  it.effect("P6.1: quotes the link in the error without the token in it, and shortened", () =>
    Effect.gen(function*() {
      const { http } = yield* start(() =>
        list([message(1)], { next: `${linkTo("a")}&echo=${secret}&more=${"x".repeat(1000)}` })
      )
      const reason = yield* reasonOf(read(http))
      assertMalformedLink(reason, `${linkTo("a")}&echo=<redacted>&more=xxx`)
      assert.notInclude(reason.message, secret)
      assert.isBelow(reason.message.length, 400)
    }))

  it.effect("fails at a link that is too long", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start(() => list([message(1)], { next: linkTo("x".repeat(10_000)) }))
      const reason = yield* reasonOf(read(http))
      assert.strictEqual(reason._tag, "Malformed")
      assert.strictEqual(log.length, 1)
    }))
})

describe("pages", () => {
  it.effect("P7.4: fail where prev links lead in a cycle", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start(({ query }) =>
        list([message(1)], { prev: linkTo(query["page_token"] === "a" ? "b" : "a") })
      )
      const first = yield* http.getMessages()
      assertMalformedLink(yield* reasonOf(readPages(first, "prev")), linkTo("a"), "links.prev")
      assert.strictEqual(log.length, 3)
    }))

  it.effect("P7.4: fail where the links of skipped pages lead in a cycle", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start(cyclic([linkTo("a"), linkTo("b")], linkTo("a")))
      assertMalformedLink(yield* reasonOf(http.getMessages({ until: 1 })), linkTo("a"))
      assert.strictEqual(log.length, 3)
    }))

  it.effect("P7.4: fail again when next is run again", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start(cyclic([linkTo("a")], linkTo("a")))
      const second = Option.getOrThrow(yield* (yield* http.getMessages()).next)
      yield* reasonOf(second.next)
      yield* reasonOf(second.next)
      assert.strictEqual(log.length, 2)
    }))

  it.effect("can be read in both directions more than once", () =>
    Effect.gen(function*() {
      const pages = [0, 1, 2, 3, 4]
      const { http } = yield* start(({ query }) => {
        const page = Number(query["page_token"] ?? 0)
        return list([message(100 - page)], {
          ...(pages.includes(page + 1) ? { next: linkTo(page + 1) } : {}),
          ...(pages.includes(page - 1) ? { prev: linkTo(page - 1) } : {})
        })
      })
      const first = yield* http.getMessages()
      assert.deepStrictEqual(yield* readPages(first), ["m100", "m99", "m98", "m97", "m96"])
      assert.deepStrictEqual(yield* readPages(first), ["m100", "m99", "m98", "m97", "m96"])
      const second = Option.getOrThrow(yield* first.next)
      for (let n = 0; n < 50; n++) {
        const back = Option.getOrThrow(yield* second.prev)
        assert.deepStrictEqual((yield* readPages(back)).length, 5)
      }
      assert.deepStrictEqual((yield* readPages(yield* second.self)).length, 4)
    }))

  it.effect("can be read again after they have shifted", () =>
    Effect.gen(function*() {
      let shift = 0
      const { http } = yield* start(({ query }) => {
        const page = Number(query["page_token"] ?? 0)
        return list([message(1000 - page + shift)], page < 99 ? { next: linkTo(page + 1) } : {})
      })
      const first = yield* http.getMessages()
      yield* readPages(first)
      shift = 50
      assert.strictEqual((yield* readPages(first)).length, 100)
    }))
})

it.effect("a restarted stream skips what it has emitted without pauses", () =>
  Effect.gen(function*() {
    const { http } = yield* start(({ query }, index) => {
      const page = Number(query["page_token"] ?? 0)
      if (index === 60) return Response.json({ errors: [] }, { status: 404 })
      return list([message(1000 - page)], page < 79 ? { next: linkTo(page + 1) } : {})
    })
    const items = yield* Stream.runCollect(http.messages())
    assert.strictEqual(items.length, 80)
    assert.strictEqual(yield* Clock.currentTimeMillis, 0)
  }))

it.effect("a stream reads on without a limit while every page has new items", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(endless((index) => [message(1_000_000 - index)]))
    const items = yield* Stream.runCollect(Stream.take(http.messages(), 3000))
    assert.strictEqual(items.length, 3000)
    assert.isAtMost(log.length, 3003)
  }))
