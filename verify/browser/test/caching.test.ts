/** Reads get their responses from the server, not from the browser's cache. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import { SignalWire } from "@effect-signalwire/promise"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { assert, describe, inject, it } from "vitest"

const http = inject("cacheable")
const urls = { http, ws: http.replace("http", "ws") }

/** The number of requests for a path that the server has received. */
const requestCount = async (path: string): Promise<number> => {
  const response = await fetch(`${http}/counts`)
  const counts: Record<string, number> = await response.json()
  return counts[path] ?? 0
}

describe("a read with a cacheable response", () => {
  it("is cached by the browser's own fetch", async () => {
    for (let index = 0; index < 2; index++) await (await fetch(`${http}/cached`)).text()
    assert.strictEqual(await requestCount("/cached"), 1)
  })

  it("reaches the server each time, with the Promise client", async () => {
    await using client = await SignalWire({ token: "secret", urls })
    for (let index = 0; index < 2; index++) await client.conversation.getConversations()
    assert.strictEqual(await requestCount("/api/fabric/conversations"), 2)
  })

  it("reaches the server each time, with Effect's HttpClient", async () => {
    const read = Conversations.Conversations.use(({ getMessages }) => getMessages())
    await Effect.runPromise(
      Effect.provide(Effect.andThen(read, read), Conversations.layerFetch({ token: Redacted.make("secret"), urls }))
    )
    assert.strictEqual(await requestCount("/api/fabric/messages"), 2)
  })
})
