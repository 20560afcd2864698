/** The main job, in plain TypeScript and as an Effect, on a platform that is older than this one. */
import { once } from "node:events"
import { removeNewer } from "./older.ts"

const [http = "", ws = "", token = "", addressId = ""] = process.argv.slice(2)
const urls = { http, ws }

// Node loads its own `fetch` and `WebSocket` when they are first used, and they are as new as Node is
await (await fetch(http)).text()
const socket = new WebSocket(ws)
await once(socket, "open")
socket.close()
await once(socket, "close")

const older = removeNewer(["ReadableStream.prototype.Symbol(Symbol.asyncIterator)"])

const { SignalWire } = await import("@effect-signalwire/promise")
const Conversations = await import("@effect-signalwire/conversation/Conversations")
const Effect = await import("effect/Effect")
const FetchHttpClient = await import("effect/http/FetchHttpClient")
const Redacted = await import("effect/Redacted")
const Stream = await import("effect/Stream")

/** As a platform without streams has it: answers have their text, and no body. */
const fetchWithoutStreams = async (...args: Parameters<typeof fetch>): Promise<Response> => {
  const response = await fetch(...args)
  const { headers, ok, status, url } = response
  const answer: Pick<Response, "headers" | "ok" | "status" | "url" | "text" | "arrayBuffer"> = {
    headers: new Headers([...headers].filter(([name]) => name !== "content-length")),
    ok,
    status,
    url,
    text: () => response.text(),
    // what Effect's own client takes the text from
    arrayBuffer: () => response.arrayBuffer()
  }
  return answer as Response
}

const inPromises = async () => {
  const client = await SignalWire({ token, urls, fetch: fetchWithoutStreams })
  await client.conversation.join({ addressId })
  const heard: Array<string | null> = []
  let heardAll = () => {}
  const all = new Promise<void>((resolve) => {
    heardAll = resolve
  })
  const subscription = await client.conversation.subscribe(({ text }) => {
    if (heard.push(text) === 3) heardAll()
  })
  for (const text of ["first", "second", "third"]) {
    await client.conversation.sendMessage({ addressId, text, metadata: { tone: "casual" } })
  }
  await all
  await subscription.unsubscribe()

  const read: Array<string | null> = []
  const page = await client.conversation.getConversationMessages({ addressId, pageSize: 1 })
  for await (const { text } of page) read.push(text)

  const followed: Array<string | null> = []
  const controller = new AbortController()
  let aborted: unknown
  try {
    for await (const event of client.conversation.timeline({ addressId, signal: controller.signal })) {
      if (event._tag === "Message") followed.push(event.message.text)
      else controller.abort("enough")
    }
  } catch (error) {
    aborted = error
  }
  const refused = await client.conversation.getMessages({ signal: controller.signal }).catch((error: unknown) => error)
  const invalid = await client.conversation.join({ addressId: "" }).catch((error: unknown) => String(error))
  await client.disconnect()
  return { heard, read, followed, aborted, refused, invalid, state: client.connection.state._tag }
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
