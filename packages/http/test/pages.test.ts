import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import { conversation, list, message, origin, pageOf, reasonOf, start } from "./support.ts"

/** Newest first: m99 at 1_700_000_099 down to m0. */
const hundred = Array.from({ length: 100 }, (_, index) => message(99 - index))
const at = (n: number): number => 1_700_000_000 + n

/** A server that ignores limit, since and until. */
const startWithoutFilters = (size: number) => start((request) => pageOf(hundred, request, size))

const ids = (page: { readonly data: ReadonlyArray<{ readonly id: string }> }): ReadonlyArray<string> =>
  page.data.map(({ id }) => id)

const getSome = <A, E, R>(effect: Effect.Effect<Option.Option<A>, E, R>): Effect.Effect<A, E, R> =>
  Effect.map(effect, Option.getOrThrow)

it.effect("a page has the next page and the previous one", () =>
  Effect.gen(function*() {
    const { http } = yield* startWithoutFilters(40)
    const first = yield* http.getMessages()
    const second = yield* getSome(first.next)
    const third = yield* getSome(second.next)
    assert.deepStrictEqual([first.hasPrev, first.hasNext, third.hasPrev, third.hasNext], [false, true, true, false])
    assert.strictEqual(ids(third).at(-1), "m0")
    assert.strictEqual(ids(yield* getSome(second.prev))[0], "m99")
  }))

it.effect("the last page has no next, and the first no prev", () =>
  Effect.gen(function*() {
    const { http, log } = yield* startWithoutFilters(200)
    const page = yield* http.getMessages()
    assert.isTrue(Option.isNone(yield* page.next))
    assert.isTrue(Option.isNone(yield* page.prev))
    assert.strictEqual(log.length, 1)
  }))

it.effect("self reads the same page again, and first the first page", () =>
  Effect.gen(function*() {
    const { http } = yield* startWithoutFilters(40)
    const second = yield* getSome((yield* http.getMessages()).next)
    assert.deepStrictEqual(ids(yield* second.self), ids(second))
    assert.strictEqual(ids(yield* second.first)[0], "m99")
  }))

it.effect("self and first of a page after skipped pages read that page, and the first one that is not skipped", () =>
  Effect.gen(function*() {
    const { http, log } = yield* startWithoutFilters(10)
    const page = yield* http.getMessages({ until: at(55), limit: 12 })
    const second = yield* getSome(page.next)
    const requests = log.length
    assert.deepStrictEqual(ids(yield* page.self), ids(page))
    assert.strictEqual(log.length, requests + 1)
    assert.deepStrictEqual(ids(yield* second.self), ids(second))
    assert.strictEqual(log.length, requests + 2)
    assert.deepStrictEqual(ids(yield* second.first), ids(page))
  }))

it.effect("self can be read again and again, also in a list whose pages have shifted", () =>
  Effect.gen(function*() {
    const { http } = yield* startWithoutFilters(40)
    const second = yield* getSome((yield* http.getMessages()).next)
    for (let times = 0; times < 40; times++) assert.deepStrictEqual(ids(yield* second.self), ids(second))
  }))

it.effect("a page without links has neither next nor prev", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => Response.json({ data: [conversation("office")] }))
    const page = yield* http.getConversations()
    assert.deepStrictEqual([page.data.length, page.hasNext, page.hasPrev], [1, false, false])
  }))

it.effect("applies limit although the server ignores it", () =>
  Effect.gen(function*() {
    const { http } = yield* startWithoutFilters(40)
    const page = yield* http.getMessages({ limit: 10 })
    assert.strictEqual(page.data.length, 10)
    assert.isFalse(page.hasNext)
    assert.isTrue(Option.isNone(yield* page.next))
  }))

it.effect("applies limit over all pages, in both directions", () =>
  Effect.gen(function*() {
    const { http } = yield* startWithoutFilters(40)
    const first = yield* http.getMessages({ limit: 50 })
    const second = yield* getSome(first.next)
    assert.deepStrictEqual([first.data.length, second.data.length, second.hasNext], [40, 10, false])
    const again = yield* getSome((yield* getSome(second.prev)).next)
    assert.strictEqual(again.data.length, 10)
  }))

it.effect("applies limit to the pages before the last one as it did on the way there", () =>
  Effect.gen(function*() {
    const { http } = yield* startWithoutFilters(40)
    const second = yield* getSome((yield* http.getMessages({ limit: 90 })).next)
    const third = yield* getSome(second.next)
    const back = yield* getSome(third.prev)
    const again = yield* getSome(back.next)
    const first = yield* getSome((yield* getSome(again.prev)).prev)
    assert.deepStrictEqual([third, back, again, first].map(({ data }) => data.length), [10, 40, 10, 40])
  }))

it.effect("a page that reaches the limit has no next", () =>
  Effect.gen(function*() {
    const { http } = yield* startWithoutFilters(40)
    assert.isFalse((yield* http.getMessages({ limit: 40 })).hasNext)
  }))

it.effect("applies since although the server ignores it", () =>
  Effect.gen(function*() {
    const { http } = yield* startWithoutFilters(40)
    const first = yield* http.getMessages({ since: at(50) })
    const second = yield* getSome(first.next)
    assert.deepStrictEqual([first.data.length, second.data.length, second.hasNext], [40, 10, false])
    assert.strictEqual(ids(second).at(-1), "m50")
  }))

it.effect("a page that ends at since has a next page, since messages of the same time may follow", () =>
  Effect.gen(function*() {
    const { http } = yield* startWithoutFilters(40)
    assert.isTrue((yield* http.getMessages({ since: at(60) })).hasNext)
    assert.isFalse((yield* http.getMessages({ since: at(61) })).hasNext)
  }))

it.effect("a page whose first message is at until has a previous page, since messages of the same time may precede", () =>
  Effect.gen(function*() {
    const { http } = yield* startWithoutFilters(40)
    const second = yield* getSome((yield* http.getMessages({ until: at(99) })).next)
    assert.isTrue(second.hasPrev)
  }))

it.effect("an empty page is not skipped as newer than until", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start((_, index) => list([], { next: `/api/fabric/messages?page_token=${index}` }))
    const page = yield* http.getMessages({ until: at(10) })
    assert.deepStrictEqual([page.data.length, page.hasNext, log.length], [0, true, 1])
  }))

it.effect("applies until although the server ignores it, and skips newer pages", () =>
  Effect.gen(function*() {
    const { http } = yield* startWithoutFilters(10)
    const page = yield* http.getMessages({ until: at(55) })
    assert.deepStrictEqual(ids(page), ["m55", "m54", "m53", "m52", "m51", "m50"])
    assert.deepStrictEqual([page.hasPrev, page.hasNext], [false, true])
  }))

it.effect("a page that follows skipped pages has no previous page, even if its first message is at until", () =>
  Effect.gen(function*() {
    const { http } = yield* startWithoutFilters(10)
    const page = yield* http.getMessages({ until: at(59) })
    assert.deepStrictEqual([ids(page)[0], page.hasPrev], ["m59", false])
  }))

it.effect("applies since, until and limit together", () =>
  Effect.gen(function*() {
    const { http } = yield* startWithoutFilters(10)
    const first = yield* http.getMessages({ since: at(30), until: at(55), limit: 8 })
    const second = yield* getSome(first.next)
    assert.deepStrictEqual([...ids(first), ...ids(second)], ["m55", "m54", "m53", "m52", "m51", "m50", "m49", "m48"])
    assert.isFalse(second.hasNext)
  }))

it.effect("skips 50 newer pages at most, and the next page continues after them", () =>
  Effect.gen(function*() {
    const { http, log } = yield* startWithoutFilters(1)
    const page = yield* http.getMessages({ until: at(10) })
    assert.deepStrictEqual([page.data.length, page.hasNext], [0, true])
    assert.strictEqual(log.length, 51)
    assert.deepStrictEqual(ids(yield* getSome(page.next)), ["m10"])
  }))

it.effect.each(["https://elsewhere.test/api/fabric/messages", "//elsewhere.test/x", "http://fabric.example.test/x"])(
  "refuses a link to %s before any request",
  (next) =>
    Effect.gen(function*() {
      const { http, log } = yield* start(() => list([message(1)], { next }))
      const page = yield* http.getMessages()
      assert.isTrue(page.hasNext)
      const reason = yield* reasonOf(page.next)
      assert.strictEqual(reason._tag === "ForeignLink" ? reason.origin.length > 0 : false, true)
      assert.strictEqual(log.length, 1)
    })
)

it.effect("follows an absolute link to the configured origin", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start((_, index) =>
      index === 0 ? list([message(1)], { next: `${origin}/api/fabric/messages?page_token=PA1` }) : list([message(0)])
    )
    const page = yield* getSome((yield* http.getMessages()).next)
    assert.deepStrictEqual(ids(page), ["m0"])
    assert.deepStrictEqual(log[1]?.query, { page_token: "PA1" })
  }))

describe("behind a reverse proxy with a path prefix", () => {
  const base = `${origin}/signalwire`
  const behindProxy = { endpoint: { http: `${base}/`, ws: "wss://puc.example.test" } }

  it.effect("requests have the prefix", () =>
    Effect.gen(function*() {
      const { http, log } = yield* start(() => list([]), behindProxy)
      yield* http.getMessages()
      assert.strictEqual(log[0]?.url.href, `${base}/api/fabric/messages`)
    }))

  it.effect.each([
    `${base}/api/fabric/messages?page_token=PA1`,
    "/signalwire/api/fabric/messages?page_token=PA1",
    // from a server that does not know its prefix
    `${origin}/api/fabric/messages?page_token=PA1`,
    "/api/fabric/messages?page_token=PA1",
    "api/fabric/messages?page_token=PA1"
  ])("follows the link %s below the prefix", (next) =>
    Effect.gen(function*() {
      const { http, log } = yield* start((_, index) => list([message(1)], index === 0 ? { next } : {}), behindProxy)
      yield* (yield* http.getMessages()).next
      assert.strictEqual(log[1]?.url.href, `${base}/api/fabric/messages?page_token=PA1`)
    }))

  it.effect.each<readonly [prefix: string, next: string]>([
    ["/api", "/api/fabric/messages?page_token=PA1"],
    ["/api", "/api/api/fabric/messages?page_token=PA1"],
    ["/api/fabric", "/api/fabric/messages?page_token=PA1"],
    ["/api/fabric", "/api/fabric/api/fabric/messages?page_token=PA1"]
  ])(
    "distinguishes the prefix %s, which looks like the path of the API, from that path: %s",
    ([prefix, next]) =>
      Effect.gen(function*() {
        const { http, log } = yield* start(
          (_, index) => list([message(1)], index === 0 ? { next } : {}),
          { endpoint: { ...behindProxy.endpoint, http: `${origin}${prefix}` } }
        )
        yield* (yield* http.getMessages()).next
        assert.strictEqual(log[1]?.url.href, `${origin}${prefix}/api/fabric/messages?page_token=PA1`)
      })
  )

  it.effect.each([
    "/admin",
    "/signalwire-admin/api/fabric/messages",
    "/signalwire/../admin",
    "/signalwire/api/fabric/%2e%2e/%2e%2e/%2e%2e/admin",
    "/signalwire/api/fabric/..%2f..%2f..%2fadmin",
    "/signalwire/api/fabric/..%2f..%2f..",
    "../admin"
  ])(
    "P6.2: refuses the link %s, which leads to another service of the origin, before any request",
    (next) =>
      Effect.gen(function*() {
        const { http, log } = yield* start(() => list([message(1)], { next }), behindProxy)
        const reason = yield* reasonOf((yield* http.getMessages()).next)
        assert.strictEqual(reason.message, `unexpected response at links: a link leads out of ${base}`)
        assert.strictEqual(log.length, 1)
      })
  )

  it.effect("P6.2: refuses a link to another origin before any request", () =>
    Effect.gen(function*() {
      const next = "https://elsewhere.test/signalwire/api/fabric/messages"
      const { http, log } = yield* start(() => list([message(1)], { next }), behindProxy)
      assert.strictEqual((yield* reasonOf((yield* http.getMessages()).next))._tag, "ForeignLink")
      assert.strictEqual(log.length, 1)
    }))
})

it.effect("does not use credentials in a link", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start((_, index) =>
      index === 0 ? list([message(1)], { next: "https://me:too@fabric.example.test/api/fabric/messages" }) : list([])
    )
    yield* (yield* http.getMessages()).next
    assert.strictEqual(log[1]?.url.href, `${origin}/api/fabric/messages`)
  }))

it.effect("P9.3: reports a malformed item with its path, and returns the rest of the page", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => list([message(2), { id: 7, text: "private words" }, message(1)]))
    const page = yield* http.getMessages()
    assert.deepStrictEqual(ids(page), ["m2", "m1"])
    assert.deepStrictEqual(page.malformed.map(({ path }) => path), ["data[1].id"])
  }))

it.effect("logs malformed items once per page, by their paths and without their contents", () =>
  Effect.gen(function*() {
    const lines: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => {
      lines.push(`${logLevel} ${JSON.stringify(message)}`)
    })
    const { http } = yield* start(() => list([{ id: 7, text: "private words" }, { id: 8 }]))
    yield* Effect.provide(http.getMessages(), Logger.layer([logger]))
    assert.strictEqual(lines.length, 1)
    assert.include(lines[0] ?? "", "Warn")
    assert.include(lines[0] ?? "", "data[1].id")
    assert.notInclude(lines[0] ?? "", "private words")
  }))

it.effect("a failure of the next page names the method that read the first one", () =>
  Effect.gen(function*() {
    const { http } = yield* start((_, index) =>
      index === 0
        ? list([message(1)], { next: "/api/fabric/messages?page_token=PA1" })
        : Response.json({}, { status: 403 })
    )
    const error = yield* Effect.flip((yield* http.getMessages()).next)
    assert.deepStrictEqual([error.method, error.reason._tag], ["getMessages", "Forbidden"])
  }))

it.effect("refuses a link that is not a URL", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => list([message(1)], { next: "https://[" }))
    const page = yield* http.getMessages()
    assert.deepInclude({ ...(yield* reasonOf(page.next)) }, {
      _tag: "Malformed",
      path: "links",
      detail: "a link is not a URL, or is too long"
    })
    assert.strictEqual(log.length, 1)
  }))
