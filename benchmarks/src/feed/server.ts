/** The server of the benchmarks, as a separate process: it responds immediately, so that only the client is measured. */
import { connectResult } from "@effect-signalwire/testing/FakeServer"
import { createServer, type ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import { WebSocketServer } from "ws"
import {
  addressId,
  addressOf,
  type Command,
  conversations,
  eventText,
  historyPage,
  pushedPage,
  type ServerReport
} from "./protocol.ts"
import { prepare } from "./push.ts"

const report = (message: ServerReport) => process.send?.(message)

let current: Duplex | undefined
let unacknowledged = 0
let pushed = 0
/** Whether history contains the events. */
let inHistory = false

let flood = (): void => undefined

const prepareFlood = (frames: number): void => {
  if (current === undefined) throw new Error("no client is connected")
  unacknowledged += frames
  flood = prepare(current, frames, () => eventText(pushed++))
  report({ type: "prepared" })
}

const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
const onFrame = (send: (text: string) => void) => (data: unknown) => {
  if (!Buffer.isBuffer(data)) return
  if (!data.includes("\"method\"")) {
    unacknowledged--
    if (unacknowledged === 0) report({ type: "acknowledged" })
    return
  }
  const { id, method } = JSON.parse(data.toString())
  send(
    JSON.stringify({
      jsonrpc: "2.0",
      id,
      result: method === "signalwire.connect" ? connectResult("signalwire_benchmarks") : {}
    })
  )
}

// History: pages are created at the first request, and cached

let history = { pages: 0, delayMillis: 0 }
const pages = new Map<number, string>()

const respond = (response: ServerResponse, body: string): void => {
  response.setHeader("content-type", "application/json")
  response.setHeader("content-length", Buffer.byteLength(body))
  response.end(body)
}

const pageText = (page: number): string => {
  if (page >= history.pages) return JSON.stringify({ data: [], links: {} })
  const text = pages.get(page) ?? JSON.stringify({
    data: historyPage(page),
    links: page + 1 < history.pages ? { next: `/api/fabric/conversations/${addressId}/messages?page=${page + 1}` } : {}
  })
  pages.set(page, text)
  return text
}

/** A message from before the benchmark: the newest one when a subscription begins. */
const early = JSON.stringify({ data: historyPage(36).slice(0, 1), links: {} })

const pushedText = (from: number): string =>
  JSON.stringify({
    data: pushedPage(from),
    links: from >= 100 ? { next: `/api/fabric/messages?from=${from - 100}` } : {}
  })

const conversationList = JSON.stringify({
  data: Array.from({ length: conversations }, (_, n) => {
    const id = addressOf(n)
    return { id, address_id: id, name: "office-chat", created_at: 1, last_message_at: 2 }
  }),
  links: {}
})
const sent = JSON.stringify({ table: { conversation_id: addressId, text: "" } })

let script = ""

/** With these headers, the page's clock has microsecond resolution. */
const servePage = (response: ServerResponse): void => {
  response.setHeader("cross-origin-opener-policy", "same-origin")
  response.setHeader("cross-origin-embedder-policy", "require-corp")
  response.setHeader("content-type", "text/html; charset=utf-8")
  response.end(`<script type="module">${script.replaceAll("</script", "<\\/script")}</script>`)
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1")
  if (pathname === "/page") return servePage(response)
  if (request.method === "POST") {
    request.on("end", () => respond(response, sent)).resume()
  } else if (pathname.endsWith(`${addressId}/messages`)) {
    const text = pageText(Number(searchParams.get("page") ?? 0))
    if (history.delayMillis === 0) respond(response, text)
    else setTimeout(() => respond(response, text), history.delayMillis)
  } else if (pathname.endsWith("/messages")) {
    respond(response, inHistory ? pushedText(Number(searchParams.get("from") ?? pushed - 1)) : early)
  } else {
    respond(response, conversationList)
  }
})
server.keepAliveTimeout = 60_000
server.on("upgrade", (request, socket: Duplex, head) => {
  sockets.handleUpgrade(request, socket, head, (webSocket) => {
    current = socket
    webSocket.on("message", onFrame((text) => webSocket.send(text)))
    webSocket.on("error", () => undefined)
  })
})
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  if (typeof address === "object" && address !== null) report({ type: "listening", port: address.port })
})

process.on("message", (command: Command) => {
  switch (command.type) {
    case "prepare":
      inHistory = command.inHistory
      return prepareFlood(command.frames)
    case "flood":
      return flood()
    case "history":
      history = command
      return
    case "page":
      script = command.script
      return
    case "stop":
      return process.exit(0)
  }
})
process.on("disconnect", () => process.exit(0))
