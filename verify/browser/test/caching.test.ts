/** Reads are answered by the server, and not by the browser's cache. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import { SignalWire } from "@effect-signalwire/promise"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { assert, describe, inject, it } from "vitest"

const http = inject("cacheable")
const urls = { http, ws: http.replace("http", "ws") }

/** How many requests of this path have reached the server. */
const reached = async (path: string): Promise<number> => {
  const response = await fetch(`${http}/reached`)
  const counts: Record<string, number> = await response.json()
  return counts[path] ?? 0
}

describe("a read whose answer may be kept in a cache", () => {
  it("is kept there by the browser itself", async () => {
    for (let index = 0; index < 2; index++) await (await fetch(`${http}/kept`)).text()
    assert.strictEqual(await reached("/kept"), 1)
  })

  it("reaches the server each time, with the Promise facade", async () => {
    await using client = await SignalWire({ token: "secret", urls })
    for (let index = 0; index < 2; index++) await client.conversation.getConversations()
    assert.strictEqual(await reached("/api/fabric/conversations"), 2)
  })

  it("reaches the server each time, with Effect's HttpClient", async () => {
    const read = Conversations.Conversations.use(({ getMessages }) => getMessages())
    await Effect.runPromise(
      Effect.provide(Effect.andThen(read, read), Conversations.layerFetch({ token: Redacted.make("secret"), urls }))
    )
    assert.strictEqual(await reached("/api/fabric/messages"), 2)
  })
})
