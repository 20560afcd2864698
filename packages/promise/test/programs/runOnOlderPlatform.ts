/** The main use of the client, with Promises and as an Effect, on a simulated older platform. */
import { once } from "node:events"
import { removeNewerFeatures } from "./removeNewerFeatures.ts"

const [http = "", ws = "", token = "", addressId = ""] = process.argv.slice(2)
const urls = { http, ws }

// Node loads its `fetch` and `WebSocket` on first use, and they need the newer features
await (await fetch(http)).text()
const socket = new WebSocket(ws)
await once(socket, "open")
socket.close()
await once(socket, "close")

const older = removeNewerFeatures(["ReadableStream.prototype.Symbol(Symbol.asyncIterator)"])

const { SignalWire } = await import("@effect-signalwire/promise")
const Conversations = await import("@effect-signalwire/conversation/Conversations")
const Effect = await import("effect/Effect")
const FetchHttpClient = await import("effect/http/FetchHttpClient")
const Redacted = await import("effect/Redacted")
const Stream = await import("effect/Stream")

/** A `fetch` as on a platform without streams: responses have no `body`. */
const fetchWithoutStreams = async (...args: Parameters<typeof fetch>): Promise<Response> => {
  const response = await fetch(...args)
  const { headers, ok, status, url } = response
  const bodiless: Pick<Response, "headers" | "ok" | "status" | "url" | "text" | "arrayBuffer"> = {
    headers: new Headers([...headers].filter(([name]) => name !== "content-length")),
    ok,
    status,
    url,
    text: () => response.text(),
    // Effect's HTTP client reads the text from it
    arrayBuffer: () => response.arrayBuffer()
  }
  return bodiless as Response
}

const inPromises = async () => {
  const client = await SignalWire({ token, urls, fetch: fetchWithoutStreams })
  await client.conversation.join({ addressId })
  const received: Array<string | null> = []
  let receivedAll = () => {}
  const all = new Promise<void>((resolve) => {
    receivedAll = resolve
  })
  const subscription = await client.conversation.subscribe(({ text }) => {
    if (received.push(text) === 3) receivedAll()
  })
  for (const text of ["first", "second", "third"]) {
    await client.conversation.sendMessage({ addressId, text, metadata: { tone: "casual" } })
  }
  await all
  await subscription.unsubscribe()

  const read: Array<string | null> = []
  const page = await client.conversation.getConversationMessages({ addressId, pageSize: 1 })
  for await (const { text } of page) read.push(text)

  const timeline: Array<string | null> = []
  const controller = new AbortController()
  let aborted: unknown
  try {
    for await (const event of client.conversation.timeline({ addressId, signal: controller.signal })) {
      if (event._tag === "Message") timeline.push(event.message.text)
      else controller.abort("enough")
    }
  } catch (error) {
    aborted = error
  }
  const rejected = await client.conversation.getMessages({ signal: controller.signal }).catch((error: unknown) => error)
  const invalid = await client.conversation.join({ addressId: "" }).catch((error: unknown) => String(error))
  await client.disconnect()
  return { received, read, timeline, aborted, rejected, invalid, state: client.connection.state._tag }
}

const inEffect = Effect.gen(function*() {
  const { sendMessage, timeline } = yield* Conversations.Conversations
  yield* sendMessage({ addressId, text: "fourth" })
  const messages = yield* timeline({ addressId }).pipe(
    Stream.takeUntil(({ _tag }) => _tag === "CaughtUp"),
    Stream.runCollect
  )
  return messages.flatMap((event) => event._tag === "Message" ? [event.message.text] : [])
}).pipe(
  Effect.provide(Conversations.layerFetch({ token: Redacted.make(token), urls })),
  Effect.provideService(FetchHttpClient.Fetch, fetchWithoutStreams)
)

const promises = await inPromises()
const effect = await Effect.runPromise(inEffect)
process.send?.({ older, promises, effect })
process.disconnect()
