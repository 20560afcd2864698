import { SignalWire } from "@effect-signalwire/promise"
import { createServer } from "node:http"
import { assert, it } from "vitest"
import * as Following from "../src/internal/following.ts"
import * as Source from "../src/internal/source.ts"
import { eventually } from "./support.ts"

/** Messages of one moment: when those before it are asked for, the known ones come again. */
const message = (n: number) => ({
  id: `m${n}`,
  type: "message",
  subtype: "chat",
  conversation_id: "office",
  address_id: "office",
  ts: 1_700_000_000,
  text: `text ${n}`
})

/** A conversation whose newest page has 150 messages; what is asked for before them comes one to a page, without end. */
const start = async () => {
  let olderPages = 0
  const server = createServer(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://localhost")
    // the socket is not spoken of here
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
  const ending = new AbortController()
  const following = Following.make(
    "office",
    Source.given(client),
    () => ({ capacity: 1000, pageSize: 50 }),
    ({ id }) => id,
    () => {}
  )
  following.begin(client, ending.signal)
  await eventually(() => assert.strictEqual(following.standing().status, "live"))
  return {
    following,
    olderPages: () => olderPages,
    [Symbol.asyncDispose]: async () => {
      ending.abort()
      await client.disconnect()
      server.closeAllConnections()
      server.close()
    }
  }
}

it("P7.4: reads 100 pages at most for older messages that are known already", async () => {
  await using world = await start()
  await world.following.loadOlder()
  const { isLoadingOlder, olderError, window } = world.following.standing()
  assert.deepStrictEqual([isLoadingOlder, olderError, window.hasOlder()], [false, null, true])
  assert.strictEqual(window.entries().length, 150)
  assert.strictEqual(world.olderPages(), 100)
})
