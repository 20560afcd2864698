/**
 * A server that fans out one subscriber's messages to any number of browsers, as server-sent events: one session with
 * SignalWire, however many listen. A browser that comes back tells the last event it has seen (`Last-Event-ID`), and is
 * given what it missed first.
 *
 *     node examples/src/sse-server.ts
 *     curl -N "http://127.0.0.1:8080/events?addressId=..."
 *
 * It reads `SIGNALWIRE_TOKEN`, `SIGNALWIRE_HOST` when the token names none, and `PORT`.
 */
import { SignalWire } from "@effect-signalwire/promise"
import { once } from "node:events"
import { createServer, type ServerResponse } from "node:http"

await using client = await SignalWire()

/** An event's id tells when its message was sent, so that a browser can be given everything after it. */
const since = (lastEventId: string | undefined): number | undefined => {
  const seconds = Number(lastEventId?.split("/")[0])
  return lastEventId === undefined || !Number.isFinite(seconds) ? undefined : seconds
}

const stream = async (response: ServerResponse, addressId: string, lastEventId: string | undefined): Promise<void> => {
  const gone = new AbortController()
  response.on("close", () => gone.abort())
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" })
  response.flushHeaders()
  for await (
    const event of client.conversation.timeline({ addressId, since: since(lastEventId), signal: gone.signal })
  ) {
    if (event._tag !== "Message") continue
    const { message } = event
    const id = `${message.ts}/${message.id}`
    if (id === lastEventId) continue
    const written = response.write(`id: ${id}\ndata: ${JSON.stringify(message)}\n\n`)
    // one that reads slowly is waited for; the others are not
    if (!written) await once(response, "drain", { signal: gone.signal })
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
