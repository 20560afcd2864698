/** The HTTP responses of faults, the pages of lists, and which pages may use the admin API. */
import { localOnly } from "@effect-signalwire/backend/AdminRoutes"
import { Hosting } from "@effect-signalwire/backend/Hosting"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"
import { endless, faultResponse, malformed } from "../src/internal/faults/faultResponses.ts"
import * as JsonStream from "../src/internal/jsonStream.ts"
import { pageResponse } from "../src/internal/pageResponse.ts"

const read = (response: HttpServerResponse.HttpServerResponse) => {
  const web = HttpServerResponse.toWeb(response)
  return Effect.map(Effect.promise(() => web.text()), (text) => ({
    text,
    status: web.status,
    contentType: web.headers.get("content-type"),
    origin: web.headers.get("access-control-allow-origin")
  }))
}

describe("a malformed response", () => {
  const original = HttpServerResponse.text("unused", { status: 201 })

  it.effect.each<[string, string | null | undefined, string, string]>([
    ["{\"a\":1}", undefined, "{\"a", "application/json"],
    ["{\"a\":12}", null, "{\"a\"", "application/json"],
    ["x", undefined, "x", "application/json"],
    ["", undefined, "", "application/json"],
    ["{}", "", "", "application/json"],
    ["{}", "text", "text", "application/json"],
    ["{}", " \n<p>", " \n<p>", "text/html"],
    ["{}", "a<p>", "a<p>", "application/json"]
  ])(
    "of %j is %j or the first half: %j",
    ([body, replacement, text, contentType]) =>
      Effect.map(
        read(malformed(original, body, replacement)),
        (response) => assert.deepStrictEqual(response, { text, status: 201, contentType, origin: "*" })
      )
  )
})

describe("an endless list", () => {
  const page = JSON.stringify({ data: [1], links: { self: "s", next: "n" }, more: true })
  const original = HttpServerResponse.text("unused", { status: 201, headers: { "x-a": "b" } })
  const pageOf = (body: string, pages: "itself" | "empty" | "again") =>
    read(endless(original, body, new URL("http://h/path?a=b"), { type: "endless", pages }, 3))

  it.effect.each<["itself" | "empty" | "again", ReadonlyArray<number>, string]>([
    ["itself", [1], "/path?a=b"],
    ["again", [1], "/path?a=b&endless=3"],
    ["empty", [], "/path?a=b&endless=3"]
  ])(
    "has a next page: %s",
    ([pages, data, next]) =>
      Effect.map(pageOf(page, pages), ({ contentType, origin, status, text }) => {
        assert.deepStrictEqual(JSON.parse(text), { data, links: { self: "s", next }, more: true })
        assert.deepStrictEqual([status, contentType, origin], [201, "application/json", "*"])
      })
  )

  it.effect.each(["text", "[]", "{\"links\":1}", "{\"data\":[]}"])(
    "is not made of %j",
    (body) =>
      Effect.gen(function*() {
        const response = endless(original, body, new URL("http://h/"), { type: "endless", pages: "again" }, 1)
        assert.deepStrictEqual([response.status, response.headers["x-a"]], [201, "b"])
        assert.strictEqual((yield* read(response)).text, body)
      })
  )
})

describe("the answer of a rule", () => {
  it.effect("has the headers of the rule, instead of those that allow pages to read it", () =>
    Effect.gen(function*() {
      const response = faultResponse({ type: "answer", headers: { "access-control-allow-origin": "x" }, body: null })
      assert.deepInclude(yield* read(response), { status: 500, text: "null", origin: "x" })
      assert.strictEqual(faultResponse({ type: "answer", status: null, text: null }).status, 500)
      assert.strictEqual((yield* read(faultResponse({ type: "answer", text: null, body: 1 }))).text, "1")
    }))
})

describe("a page of a list", () => {
  const linksOf = (
    request: { readonly number: number; readonly token?: string },
    page: { readonly hasNext?: boolean; readonly token?: string },
    path = "/list?a=b&page_number=9&page_token=old"
  ) =>
    Effect.map(
      read(
        pageResponse(
          "",
          new URL(`http://h${path}`),
          { size: 2, number: request.number, token: request.token },
          { items: [1, 2], hasNext: page.hasNext ?? false, token: page.token },
          (item) => ({ item })
        )
      ),
      ({ text }) => {
        const { data, links } = JSON.parse(text)
        assert.deepStrictEqual(data, [{ item: 1 }, { item: 2 }])
        return links
      }
    )

  it.effect("links to itself, to the first one, and to those next to it, with the other parameters", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* linksOf({ number: 0 }, {}), { self: "/list?a=b", first: "/list?a=b" })
      assert.deepStrictEqual(yield* linksOf({ number: 0 }, {}, "/list"), { self: "/list", first: "/list" })
      const first = { self: "/list?a=b", first: "/list?a=b" }
      assert.deepStrictEqual(yield* linksOf({ number: 0 }, { hasNext: true, token: "t" }), {
        ...first,
        next: "/list?a=b&page_number=1&page_token=t"
      })
      assert.deepStrictEqual(yield* linksOf({ number: 1, token: "t" }, { hasNext: true, token: "t" }), {
        self: "/list?a=b&page_number=1&page_token=t",
        first: "/list?a=b",
        next: "/list?a=b&page_number=2&page_token=t",
        prev: "/list?a=b&page_number=0&page_token=t"
      })
      assert.deepStrictEqual(yield* linksOf({ number: 0, token: "t" }, { token: "t" }), {
        self: "/list?a=b&page_number=0&page_token=t",
        first: "/list?a=b"
      })
    }))
})

describe("a list that is streamed", () => {
  const items = (count: number, length: number) => Array.from({ length: count }, () => `"${"x".repeat(length - 2)}"`)

  it.effect.each<[number, number, boolean]>([
    [0, 0, false],
    [1, 69_000, false],
    [69, 1000, false],
    // each item counts with its separator
    [70, 999, true],
    [1, 70_000, true],
    [200, 1000, true]
  ])(
    "is the same as one that is written at once: %i items of %i characters, %s",
    ([count, length, isStreamed]) =>
      Effect.gen(function*() {
        const list = items(count, length)
        const expected = `[${list.join(",")}]`
        const make = () => JsonStream.respond("[", list, "]")
        assert.strictEqual(make().body._tag, isStreamed ? "Stream" : "Uint8Array")
        assert.strictEqual(yield* JsonStream.bodyText(make()), expected)
        const { contentType, text } = yield* read(make())
        assert.deepStrictEqual([text, contentType], [expected, "application/json"])
        const first = JsonStream.firstChunk(make())
        assert.isTrue(expected.startsWith(first))
        assert.strictEqual(
          first.length,
          isStreamed
            ? Math.min(expected.length - 1, 70_000 + (length < 1000 ? 0 : first.length - 70_000))
            : expected.length
        )
      })
  )

  it.effect("reads its items while it is written", () =>
    Effect.gen(function*() {
      let count = 0
      function* counted() {
        for (const item of items(300, 1000)) {
          count++
          yield item
        }
      }
      const { body } = JsonStream.respond("[", counted(), "]")
      assert.strictEqual(count, 70)
      if (body._tag !== "Stream") throw new Error("the response is not streamed")
      const counts: Array<number> = []
      yield* Stream.runForEach(body.stream, () => Effect.sync(() => void counts.push(count)))
      assert.deepStrictEqual(counts.slice(0, 3), [70, 140, 210])
      assert.strictEqual(count, 300)
    }))

  it.effect("has no text if it has no body", () =>
    Effect.gen(function*() {
      const empty = HttpServerResponse.empty()
      assert.deepStrictEqual([JsonStream.firstChunk(empty), yield* JsonStream.bodyText(empty)], ["", ""])
    }))
})

describe("a handler for this machine only", () => {
  const status = (headers: Record<string, string>, options?: { readonly allowsLinks?: boolean }) =>
    localOnly(Effect.succeed(HttpServerResponse.text("hi")), options).pipe(
      Effect.provideService(
        HttpServerRequest.HttpServerRequest,
        HttpServerRequest.fromWeb(new Request("http://localhost/", { headers }))
      ),
      Effect.provideService(Hosting, { abort: () => Effect.void }),
      Effect.map((response) => response.status)
    )
  const link = { "sec-fetch-site": "cross-site", "sec-fetch-dest": "document" }

  it.effect("can be opened by links of other sites only if it allows them", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        [yield* status(link), yield* status(link, {}), yield* status(link, { allowsLinks: false })],
        [403, 403, 403]
      )
      assert.strictEqual(yield* status(link, { allowsLinks: true }), 200)
      const image = { ...link, "sec-fetch-dest": "image" }
      assert.strictEqual(yield* status(image, { allowsLinks: true }), 403)
      assert.strictEqual(yield* status({ ...link, host: "evil.example" }, { allowsLinks: true }), 403)
      assert.strictEqual(yield* status({ ...link, origin: "http://localhost" }), 200)
    }))

  it.effect.each<[string, number]>([
    ["localhost", 200],
    ["LOCALHOST:4000", 200],
    ["a.b.localhost", 200],
    ["127.0.0.1", 200],
    ["127.255.0.1:80", 200],
    ["[::1]", 200],
    ["128.0.0.1", 403],
    ["[::2]", 403],
    ["localhost.example", 403],
    ["1127.0.0.1.example", 403],
    ["127.0.0.1.example", 403],
    ["xlocalhost", 403]
  ])(
    "accepts only the names of this machine: %s, %i",
    ([host, expected]) => Effect.map(status({ host }), (found) => assert.strictEqual(found, expected))
  )
})
