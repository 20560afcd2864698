/** Walks over the pages of a server that leads nowhere: page after page, and as a stream. */
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
import { list, message, reasonOf, secret, type Seen, start } from "./support.ts"

const linkTo = (token: number | string) => `/api/fabric/messages?page_token=${token}`

/** A server with a page for every request: the items of the `index`th, and a link to yet another. */
const endless = (items: (index: number) => ReadonlyArray<unknown>) => (_: Seen, index: number) =>
  list(items(index), { next: linkTo(index) })

/** Pages that lead to each other by these links; the first page leads to the first of them, the last one back to `to`. */
const circle = (links: ReadonlyArray<string>, to: string) => ({ query }: Seen) => {
  const index = links.findIndex((link) => link.endsWith(`=${query["page_token"]}`)) + 1
  return list([message(100 - index)], { next: links[index] ?? to })
}

type Messages = Page.Page<{ readonly id: string }, SignalWireHttpError>

/** Goes on from page to page, and answers what it passed. */
const walk = Effect.fnUntraced(function*(first: Messages, direction: "next" | "prev" = "next") {
  const ids: Array<string> = []
  for (let page = Option.some(first); Option.isSome(page); page = yield* page.value[direction]) {
    ids.push(...page.value.data.map(({ id }) => id))
  }
  return ids
})

/** As long as it takes, and it takes no time. */
const untilDone = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("50 millis")
    return yield* Fiber.join(fiber)
  })

/** Each of the two ways to read a list to its end. */
const ways = [
  {
    way: "page after page",
    read: (http: Effect.Success<ReturnType<typeof start>>["http"]) =>
      Effect.asVoid(Effect.flatMap(http.getMessages(), walk))
  },
  {
    way: "as a stream",
    read: (http: Effect.Success<ReturnType<typeof start>>["http"]) => Stream.runDrain(http.messages())
  }
]

/** That a walk failed at this link. */
const strayed = (reason: Reason, link: string, path = "links.next") => {
  if (reason._tag !== "Malformed") throw reason
  assert.strictEqual(reason.path, path)
  assert.include(reason.detail, link)
}

describe.each(ways)("P7.4: a list that is read $way ends", ({ read }) => {
  it.effect("where a page leads to itself", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start(circle([linkTo("a")], linkTo("a")))
      strayed(yield* reasonOf(read(http)), linkTo("a"))
      assert.strictEqual(log.length, 2)
    }))

  it.effect("where the first page leads to itself", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start(() => list([message(1), message(2)], { next: "/api/fabric/messages" }))
      strayed(yield* reasonOf(read(http)), "/api/fabric/messages")
      assert.strictEqual(log.length, 2)
    }))

  it.effect.each([2, 3, 500])("where %s pages lead to each other", (length) =>
    Effect.gen(function*() {
      const links = Array.from({ length }, (_, index) => linkTo(`p${index}`))
      const { http, log } = yield* start(circle(links, linkTo("p0")))
      strayed(yield* reasonOf(read(http)), linkTo("p0"))
      assert.strictEqual(log.length, length + 1)
    }))

  it.effect("where links to one page are only written differently", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start((_, index) =>
        list([message(1)], { next: `https://user${index}@fabric.example.test/api/fabric/messages#${index}` })
      )
      strayed(yield* reasonOf(read(http)), "/api/fabric/messages")
      assert.strictEqual(log.length, 2)
    }))

  it.effect.each([
    { what: "empty", items: () => [] },
    { what: "the same", items: () => [message(2), message(1)] },
    { what: "one of two", items: (index: number) => [message(index % 2)] }
  ])("where pages are $what, however many links there are", ({ items }) =>
    Effect.gen(function*() {
      const { http, log } = yield* start(endless(items))
      const reason = yield* untilDone(reasonOf(read(http)))
      strayed(reason, linkTo(log.length - 1))
      assert.isAtMost(log.length, 34)
    }))

  it.effect("and slows down on the way there, from a tenth of a second to five", () =>
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

  it.effect("not where something new comes now and then", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start((_, index) =>
        list(index % 20 === 0 ? [message(1000 - index)] : [], index < 200 ? { next: linkTo(index) } : {})
      )
      yield* untilDone(read(http))
      assert.strictEqual(log.length, 201)
    }))

  it.effect("P6.1: and tells the link without the token that it quotes, and not for pages", () =>
    Effect.gen(function*() {
      const { http } = yield* start(() =>
        list([message(1)], { next: `${linkTo("a")}&echo=${secret}&more=${"x".repeat(1000)}` })
      )
      const reason = yield* reasonOf(read(http))
      strayed(reason, `${linkTo("a")}&echo=<redacted>&more=xxx`)
      assert.notInclude(reason.message, secret)
      assert.isBelow(reason.message.length, 400)
    }))

  it.effect("at a link that is too long to be one", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start(() => list([message(1)], { next: linkTo("x".repeat(10_000)) }))
      const reason = yield* reasonOf(read(http))
      assert.strictEqual(reason._tag, "Malformed")
      assert.strictEqual(log.length, 1)
    }))
})

describe("pages", () => {
  it.effect("P7.4: end on the way back as well", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start(({ query }) =>
        list([message(1)], { prev: linkTo(query["page_token"] === "a" ? "b" : "a") })
      )
      const first = yield* http.getMessages()
      strayed(yield* reasonOf(walk(first, "prev")), linkTo("a"), "links.prev")
      assert.strictEqual(log.length, 3)
    }))

  it.effect("P7.4: skip no pages for ever that are newer than what is wanted", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start(circle([linkTo("a"), linkTo("b")], linkTo("a")))
      strayed(yield* reasonOf(http.getMessages({ until: 1 })), linkTo("a"))
      assert.strictEqual(log.length, 3)
    }))

  it.effect("P7.4: fail again when they are asked again", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start(circle([linkTo("a")], linkTo("a")))
      const second = Option.getOrThrow(yield* (yield* http.getMessages()).next)
      yield* reasonOf(second.next)
      yield* reasonOf(second.next)
      assert.strictEqual(log.length, 2)
    }))

  it.effect("may be gone on from more than once, forth and back", () =>
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
      assert.deepStrictEqual(yield* walk(first), ["m100", "m99", "m98", "m97", "m96"])
      assert.deepStrictEqual(yield* walk(first), ["m100", "m99", "m98", "m97", "m96"])
      const second = Option.getOrThrow(yield* first.next)
      for (let n = 0; n < 50; n++) {
        const back = Option.getOrThrow(yield* second.prev)
        assert.deepStrictEqual((yield* walk(back)).length, 5)
      }
      assert.deepStrictEqual((yield* walk(yield* second.self)).length, 4)
    }))

  it.effect("are no repetition when they are read once more because they have shifted", () =>
    Effect.gen(function*() {
      let shift = 0
      const { http } = yield* start(({ query }) => {
        const page = Number(query["page_token"] ?? 0)
        return list([message(1000 - page + shift)], page < 99 ? { next: linkTo(page + 1) } : {})
      })
      const first = yield* http.getMessages()
      yield* walk(first)
      shift = 50
      assert.strictEqual((yield* walk(first)).length, 100)
    }))
})

it.effect("a stream that begins again does not slow down where it passes over what it has handed out", () =>
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

it.effect("a list that brings something new on every page may go on for as long as somebody reads it", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(endless((index) => [message(1_000_000 - index)]))
    const items = yield* Stream.runCollect(Stream.take(http.messages(), 3000))
    assert.strictEqual(items.length, 3000)
    assert.isAtMost(log.length, 3003)
  }))
