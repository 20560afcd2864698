import { SignalWire } from "@effect-signalwire/promise"
import { createServer } from "node:http"
import { assert, it } from "vitest"
import * as ClientSource from "../src/internal/clientSource.ts"
import * as TimelineReader from "../src/internal/timelineReader.ts"
import { eventually } from "./support.ts"

/** Messages of the same time: a page before that time has known messages again. */
const message = (n: number) => ({
  id: `m${n}`,
  type: "message",
  subtype: "chat",
  conversation_id: "office",
  address_id: "office",
  ts: 1_700_000_000,
  text: `text ${n}`
})

/** A server whose newest page has 150 messages, and whose older pages have one message each, endlessly. */
const start = async () => {
  let olderPages = 0
  const server = createServer(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://localhost")
    // no socket
    if (!pathname.startsWith("/api/")) return void response.writeHead(404).end()
    const isOlder = searchParams.has("until") || searchParams.has("page_token")
    const data = isOlder ? [message(olderPages++ % 1000)] : Array.from({ length: 150 }, (_, n) => message(n))
    response.end(JSON.stringify({ data, links: { next: `${pathname}?page_token=p${olderPages}` } }))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const origin = `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
  const client = await SignalWire({
    token: "secret-of-ada",
    urls: { http: `http://${origin}`, ws: `ws://${origin}` },
    dialect: "address"
  })
  const controller = new AbortController()
  const reader = TimelineReader.make(
    "office",
    ClientSource.fromClient(client),
    () => ({ capacity: 1000, pageSize: 50 }),
    ({ id }) => id,
    () => {}
  )
  reader.start(client, controller.signal)
  await eventually(() => assert.strictEqual(reader.snapshot().status, "live"))
  return {
    reader,
    olderPages: () => olderPages,
    [Symbol.asyncDispose]: async () => {
      controller.abort()
      await client.disconnect()
      server.closeAllConnections()
      server.close()
    }
  }
}

it("P7.4: reads at most 100 pages of messages that are already known", async () => {
  await using sandbox = await start()
  await sandbox.reader.loadOlder()
  const { isLoadingOlder, olderError, window } = sandbox.reader.snapshot()
  assert.deepStrictEqual([isLoadingOlder, olderError, window.hasOlder()], [false, null, true])
  assert.strictEqual(window.entries().length, 150)
  assert.strictEqual(sandbox.olderPages(), 100)
})
