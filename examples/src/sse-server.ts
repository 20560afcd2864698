/**
 * A server that forwards one subscriber's messages to any number of browsers as server-sent events, over one session
 * with SignalWire. A browser that reconnects sends the id of its last event (`Last-Event-ID`), and receives the
 * messages that it missed first.
 *
 *     node examples/src/sse-server.ts
 *     curl -N "http://127.0.0.1:8080/events?addressId=..."
 *
 * Reads `SIGNALWIRE_TOKEN`, `SIGNALWIRE_HOST` if the token names no host, and `PORT`.
 */
import { SignalWire } from "@effect-signalwire/promise"
import { once } from "node:events"
import { createServer, type ServerResponse } from "node:http"

await using client = await SignalWire()

/** The time in an event id, which is where the timeline of a reconnecting browser starts. */
const since = (lastEventId: string | undefined): number | undefined => {
  const seconds = Number(lastEventId?.split("/")[0])
  return lastEventId === undefined || !Number.isFinite(seconds) ? undefined : seconds
}

const stream = async (response: ServerResponse, addressId: string, lastEventId: string | undefined): Promise<void> => {
  const closed = new AbortController()
  response.on("close", () => closed.abort())
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" })
  response.flushHeaders()
  for await (
    const event of client.conversation.timeline({ addressId, since: since(lastEventId), signal: closed.signal })
  ) {
    if (event._tag !== "Message") continue
    const { message } = event
    const id = `${message.ts}/${message.id}`
    if (id === lastEventId) continue
    const written = response.write(`id: ${id}\ndata: ${JSON.stringify(message)}\n\n`)
    // wait for a slow browser, without delaying the other ones
    if (!written) await once(response, "drain", { signal: closed.signal })
  }
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost")
  const addressId = url.searchParams.get("addressId")
  if (url.pathname !== "/events" || addressId === null) {
    response.writeHead(404).end("GET /events?addressId=...\n")
    return
  }
  stream(response, addressId, request.headers["last-event-id"]?.toString()).catch((error: unknown) => {
    if (!response.destroyed) response.end(`event: error\ndata: ${JSON.stringify(String(error))}\n\n`)
  })
})

server.listen(Number(process.env["PORT"] ?? 8080), "127.0.0.1")
await once(server, "listening")
const address = server.address()
console.log(`listening on ${typeof address === "object" ? address?.port : address}`)
await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")])
server.closeAllConnections()
server.close()
