// file: recipe-managed-runtime.ts
import { Conversations, layerConfig, layerTransports } from "@effect-signalwire/conversation/Conversations"
import { Effect, Layer, ManagedRuntime } from "effect"
import { once } from "node:events"
import { createServer } from "node:http"

// one client for all requests; it is built by the first one
const runtime = ManagedRuntime.make(Layer.provide(layerConfig(), layerTransports))

const names = Effect.gen(function*() {
  const { getConversations } = yield* Conversations
  const { data } = yield* getConversations({ pageSize: 10 })
  return { status: 200, body: { names: data.map(({ name }) => name) } }
}).pipe(
  Effect.catchTag(
    "ConversationError",
    ({ isRetryable, reason }) =>
      Effect.succeed({ status: isRetryable ? 503 : 500, body: { error: reason.remediation } })
  )
)

const server = createServer((_request, response) => {
  // a browser that goes away interrupts the program
  const closed = new AbortController()
  response.once("close", () => closed.abort())
  runtime.runPromise(names, { signal: closed.signal }).then(
    ({ body, status }) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
    () => response.destroy()
  )
})

server.listen(0, "127.0.0.1")
await once(server, "listening")
const address = server.address()
const response = await fetch(`http://127.0.0.1:${typeof address === "object" ? address?.port : address}/`)
console.log(response.status, Object.keys(Object(await response.json())))

server.close()
// closes the session with SignalWire, and ends what is still running
await runtime.dispose()
