/** Servers whose pages never end: reading them ends with an error. */
import { ConversationError, SignalWire, type SignalWireClient } from "@effect-signalwire/promise"
import type { ServerResponse } from "node:http"
import { setImmediate } from "node:timers/promises"
import { assert, describe, it, vi } from "vitest"
import { collect, failure, rejection, serve } from "./support.ts"

const message = (n: number, subtype = "chat") => ({
  id: `m${n}`,
  type: "message",
  subtype,
  conversation_id: "office",
  address_id: "office",
  ts: 1_700_000_000 + n,
  text: `text ${n}`
})

/** Returns the items of a page, and the token of the next one. */
type PageHandler = (page: string, index: number) => { readonly data: ReadonlyArray<unknown>; readonly next: string }

const start = async (handler: PageHandler) => {
  let reads = 0
  const respond = (response: ServerResponse, url: string) => {
    const { pathname, searchParams } = new URL(url, "http://localhost")
    // no socket
    if (!pathname.startsWith("/api/")) return void response.writeHead(404).end()
    const { data, next } = handler(searchParams.get("page_token") ?? "", reads++)
    response.end(JSON.stringify({ data, links: { next: `${pathname}?page_token=${next}` } }))
  }
  const server = await serve((response, { url = "" }) => respond(response, url))
  const client = await SignalWire({ token: "secret-of-ada", urls: server.urls, dialect: "address" })
  return {
    client,
    reads: () => reads,
    [Symbol.asyncDispose]: async () => {
      await client.disconnect()
      await server.close()
    }
  }
}

const assertPaginationError = ({ reason }: ConversationError) => {
  if (reason._tag !== "Malformed") throw reason
  assert.strictEqual(reason.path, "links.next")
  assert.match(reason.detail, /\/messages\?page_token=\w+$/)
}

const readers: ReadonlyArray<{ readonly who: string; readonly read: (client: SignalWireClient) => Promise<unknown> }> =
  [
    { who: "conversation.getMessages", read: async ({ conversation }) => collect(await conversation.getMessages()) },
    {
      who: "conversation.getConversationMessages",
      read: async ({ conversation }) => collect(await conversation.getConversationMessages({ addressId: "office" }))
    },
    { who: "chat.getMessages", read: async ({ chat }) => collect(await chat.getMessages()) },
    {
      who: "conversation.timeline",
      read: ({ conversation }) => collect(conversation.timeline({ addressId: "office", since: 0 }))
    },
    {
      who: "pages one by one",
      read: async ({ conversation }) => {
        let page = await conversation.getMessages()
        for (let next = await page.nextPage(); next !== undefined; next = await page.nextPage()) page = next
      }
    }
  ]

describe.each(readers)("P7.4: $who", ({ read }) => {
  it("rejects when a page leads to itself", async () => {
    await using server = await start(() => ({ data: [message(2), message(1)], next: "a" }))
    assertPaginationError(await failure(read(server.client)))
    assert.strictEqual(server.reads(), 2)
  })

  it("rejects when pages lead to each other", async () => {
    await using server = await start((page) => ({ data: [message(page.length)], next: page === "a" ? "bb" : "a" }))
    assertPaginationError(await failure(read(server.client)))
    assert.strictEqual(server.reads(), 3)
  })

  it.each([
    { what: "empty", data: [] },
    { what: "the same", data: [message(2), message(1)] }
  ])("rejects when all pages are $what", async ({ data }) => {
    await using server = await start((_, index) => ({ data, next: `p${index}` }))
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    try {
      const outcome: { error?: unknown } = {}
      const reading = read(server.client).catch((error: unknown) => {
        outcome.error = error
      })
      while (outcome.error === undefined) {
        await setImmediate()
        await vi.advanceTimersByTimeAsync(500)
      }
      await reading
      if (!(outcome.error instanceof ConversationError)) throw outcome.error
      assertPaginationError(outcome.error)
      assert.isAtMost(server.reads(), 33)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe("chat messages of a server with endless log entries", () => {
  const logs: PageHandler = (_, index) => ({ data: [message(1_000_000 - index, "log")], next: `p${index}` })

  it("P7.4: are an empty page after 50 pages without one", async () => {
    await using server = await start(logs)
    const page = await server.client.chat.getMessages()
    assert.deepStrictEqual([page.data, page.hasNext, server.reads()], [[], true, 51])
  })

  it("P7.4: end with an error after a thousand pages without one", async () => {
    await using server = await start(logs)
    const page = await server.client.chat.getMessages()
    const error = await rejection(collect(page), 60_000)
    if (!(error instanceof ConversationError)) throw error
    assert.deepStrictEqual([error.method, error.reason._tag], ["chat.getMessages", "Malformed"])
    assert.strictEqual(server.reads(), 1000)
  })
})

it("iterates for as long as every page has a new item", async () => {
  await using server = await start((_, index) => ({ data: [message(1_000_000 - index)], next: `p${index}` }))
  let count = 0
  for await (const _ of await server.client.conversation.getMessages()) if (++count === 500) break
  assert.strictEqual(server.reads(), 500)
})
