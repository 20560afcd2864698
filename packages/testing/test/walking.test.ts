/** A server that leads nowhere, over real sockets: whatever reads its lists to their end comes to one. */
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

/** A page, and the token of the next. */
type Answer = (page: string, index: number) => { readonly data: ReadonlyArray<unknown>; readonly next: string }

/** Servers, by what is wrong with them, and how many requests they may get from one who reads all that they have. */
const servers: ReadonlyArray<{ readonly what: string; readonly answer: Answer; readonly most: number }> = [
  { what: "a page leads to itself", answer: () => ({ data: [message(2), message(1)], next: "a" }), most: 2 },
  {
    what: "two pages lead to each other",
    answer: (page) => page === "a" ? { data: [message(1)], next: "b" } : { data: [message(2)], next: "a" },
    most: 3
  },
  { what: "empty pages lead on and on", answer: (_, index) => ({ data: [], next: `p${index}` }), most: 32 },
  {
    what: "the same page leads on and on",
    answer: (_, index) => ({ data: [message(2), message(1)], next: `p${index}` }),
    most: 33
  }
]

/** A server on a free port of loopback that has pages, and the service over it. */
const start = Effect.fnUntraced(function*(answer: Answer) {
  const requests: Array<string> = []
  const server = createServer(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://localhost")
    // the socket is not spoken of here
    if (!pathname.startsWith("/api/")) return void response.writeHead(404).end()
    const { data, next } = answer(searchParams.get("page_token") ?? "", requests.length)
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
    // the clock runs much faster than the sockets
    http: { timeout: "100 days", deadline: "100 days" }
  }))
  return { conversations: Context.get(context, Conversations.Conversations), requests }
})

/** Lets a tenth of a second pass whenever nothing else is to be done. */
const untilDone = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) {
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* TestClock.adjust("100 millis")
    }
    return yield* Fiber.join(fiber)
  })

const readers: ReadonlyArray<{
  readonly who: string
  readonly read: (conversations: Conversations.Service) => Effect.Effect<unknown, { readonly reason: Reason }>
}> = [
  {
    who: "pages that are gone through",
    read: ({ getMessages }) =>
      Effect.gen(function*() {
        for (let page = Option.some(yield* getMessages()); Option.isSome(page);) page = yield* page.value.next
      })
  },
  { who: "a stream of messages", read: ({ messages }) => Stream.runDrain(messages()) },
  {
    who: "a stream of a conversation's messages",
    read: ({ conversationMessages }) => Stream.runDrain(conversationMessages({ addressId: "office" }))
  },
  {
    who: "a timeline of all history",
    read: ({ timeline }) => Stream.runDrain(timeline({ addressId: "office", since: 0 }))
  }
]

describe.each(servers)("P7.4: where $what", ({ answer, most }) => {
  it.effect.each(readers)("$who fails soon, and says at which link", ({ read }) =>
    Effect.gen(function*() {
      const { conversations, requests } = yield* start(answer)
      const { reason } = yield* Effect.flip(untilDone(read(conversations)))
      if (reason._tag !== "Malformed") throw reason
      assert.strictEqual(reason.path, "links.next")
      assert.match(reason.detail, /\/messages\?page_token=\w+$/)
      assert.strictEqual(requests.length, most)
    }))
})

it.effect("P7.4: a timeline that begins with the newest page which is not empty fails when there is none", () =>
  Effect.gen(function*() {
    const { conversations, requests } = yield* start((_, index) => ({ data: [], next: `p${index}` }))
    const error = yield* Effect.flip(untilDone(Stream.runDrain(conversations.timeline({ addressId: "office" }))))
    assert.deepStrictEqual([error.method, error.reason._tag, requests.length], ["timeline", "Malformed", 32])
  }))

it.effect("P7.4: a send looks for its conversation on 20 pages at most", () =>
  Effect.gen(function*() {
    let reads = 0
    const endless = (): ReturnType<typeof Fixtures.page<ReturnType<typeof Fixtures.conversation>>> => {
      reads++
      return { ...Fixtures.page([]), hasNext: true, next: Effect.sync(() => Option.some(endless())) }
    }
    const { conversationId } = Fixtures.message()
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
