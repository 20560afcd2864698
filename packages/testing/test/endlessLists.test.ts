/** Servers whose lists never end, over real sockets: every reader of such a list stops. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import type { Reason } from "@effect-signalwire/schema/Reason"
import * as Fixtures from "@effect-signalwire/testing/Fixtures"
import * as Mocks from "@effect-signalwire/testing/Mocks"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { createServer } from "node:http"

const token = "secret-of-ada"

/** A message of the address dialect. */
const message = (n: number, subtype = "chat") => ({
  id: `m${n}`,
  type: "message",
  subtype,
  conversation_id: "office",
  address_id: "office",
  ts: 1_700_000_000 + n,
  text: `text ${n}`
})

/** Returns a page, and the token of the next page. */
type Respond = (page: string, index: number) => { readonly data: ReadonlyArray<unknown>; readonly next: string }

/** Invalid servers, and the number of requests after which a reader must stop. */
const servers: ReadonlyArray<{ readonly problem: string; readonly respond: Respond; readonly most: number }> = [
  { problem: "a page links to itself", respond: () => ({ data: [message(2), message(1)], next: "a" }), most: 2 },
  {
    problem: "two pages link to each other",
    respond: (page) => page === "a" ? { data: [message(1)], next: "b" } : { data: [message(2)], next: "a" },
    most: 3
  },
  {
    problem: "empty pages link to further empty pages",
    respond: (_, index) => ({ data: [], next: `p${index}` }),
    most: 32
  },
  {
    problem: "the same page is repeated with new links",
    respond: (_, index) => ({ data: [message(2), message(1)], next: `p${index}` }),
    most: 33
  }
]

/** Starts a server on a loopback port, and a client of it. */
const start = Effect.fnUntraced(function*(respond: Respond) {
  const requests: Array<string> = []
  const server = createServer(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://localhost")
    // these tests need no WebSocket
    if (!pathname.startsWith("/api/")) return void response.writeHead(404).end()
    const { data, next } = respond(searchParams.get("page_token") ?? "", requests.length)
    requests.push(url)
    response.end(JSON.stringify({ data, links: { next: `${pathname}?page_token=${next}` } }))
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )
  const address = server.address()
  const origin = `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
  const context = yield* Layer.build(Conversations.layerFetch({
    token: Redacted.make(token),
    urls: { http: `http://${origin}`, ws: `ws://${origin}` },
    dialect: "address",
    // the test clock advances much faster than the sockets
    http: { timeout: "100 days", deadline: "100 days" }
  }))
  return { conversations: Context.get(context, Conversations.Conversations), requests }
})

/** Runs an effect, and advances the clock by 100 ms whenever no fiber is ready. */
const advanceUntilDone = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) {
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* TestClock.adjust("100 millis")
    }
    return yield* Fiber.join(fiber)
  })

const readers: ReadonlyArray<{
  readonly reader: string
  readonly read: (conversations: Conversations.Service) => Effect.Effect<unknown, { readonly reason: Reason }>
}> = [
  {
    reader: "reading page by page",
    read: ({ getMessages }) =>
      Effect.gen(function*() {
        for (let page = Option.some(yield* getMessages()); Option.isSome(page);) page = yield* page.value.next
      })
  },
  { reader: "a stream of messages", read: ({ messages }) => Stream.runDrain(messages()) },
  {
    reader: "a stream of a conversation's messages",
    read: ({ conversationMessages }) => Stream.runDrain(conversationMessages({ addressId: "office" }))
  },
  {
    reader: "a timeline of all history",
    read: ({ timeline }) => Stream.runDrain(timeline({ addressId: "office", since: 0 }))
  }
]

describe.each(servers)("P7.4: if $problem", ({ most, respond }) => {
  it.effect.each(readers)("$reader fails soon, with the link in the error", ({ read }) =>
    Effect.gen(function*() {
      const { conversations, requests } = yield* start(respond)
      const { reason } = yield* Effect.flip(advanceUntilDone(read(conversations)))
      if (reason._tag !== "Malformed") throw reason
      assert.strictEqual(reason.path, "links.next")
      assert.match(reason.detail, /\/messages\?page_token=\w+$/)
      assert.strictEqual(requests.length, most)
    }))
})

it.effect("P7.4: a timeline that starts with the newest non-empty page fails if all pages are empty", () =>
  Effect.gen(function*() {
    const { conversations, requests } = yield* start((_, index) => ({ data: [], next: `p${index}` }))
    const error = yield* Effect.flip(advanceUntilDone(Stream.runDrain(conversations.timeline({ addressId: "office" }))))
    assert.deepStrictEqual([error.method, error.reason._tag, requests.length], ["timeline", "Malformed", 32])
  }))

it.effect("P7.4: a send looks for its conversation on at most 20 pages", () =>
  Effect.gen(function*() {
    let reads = 0
    const endless = (): ReturnType<typeof Fixtures.page<ReturnType<typeof Fixtures.conversation>>> => {
      reads++
      return { ...Fixtures.page([]), hasNext: true, next: Effect.sync(() => Option.some(endless())) }
    }
    const { conversationId } = Fixtures.conversationMessage()
    const context = yield* Layer.build(
      Conversations.layerServices().pipe(Layer.provide([
        Mocks.http({
          sendMessage: () => Effect.succeed({ conversationId, groupId: null }),
          getConversations: () => Effect.sync(endless)
        }),
        Mocks.subscription({})
      ]))
    )
    const { sendMessage } = Context.get(context, Conversations.Conversations)
    assert.strictEqual((yield* sendMessage({ addressId: "office", text: "hello" })).id, conversationId)
    assert.strictEqual(reads, 20)
  }))
