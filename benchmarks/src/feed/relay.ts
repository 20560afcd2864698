/**
 * A relay in front of a sandbox: it forwards everything, and on request repeats an event that it has forwarded, each time
 * with new ids. So every client receives events in the format that the sandbox uses for it.
 */
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import { createServer } from "node:http"
import type { Duplex } from "node:stream"
import { WebSocket, WebSocketServer } from "ws"
import { type Command, messageId, messageIdPrefix, type ServerReport } from "./protocol.ts"
import { prepare } from "./push.ts"

const report = (message: ServerReport) => process.send?.(message)
const sandbox = await SandboxProcess.start()

/** The last event that was forwarded, split at its ids. */
let pattern:
  | { readonly parts: ReadonlyArray<string>; readonly socket: Duplex }
  | undefined
let unacknowledged = 0
let pushed = 0

const rememberEvent = (text: string, socket: Duplex): void => {
  const { id, method, params } = JSON.parse(text)
  if (method !== "signalwire.event" || params.event_type !== "conversation.message") return
  pattern = { socket, parts: text.replaceAll(id, "@@").replaceAll(params.params.id, "@@").split("@@") }
}

let flood = (): void => undefined

const prepareFlood = (frames: number): void => {
  if (pattern === undefined) throw new Error("no event was forwarded yet")
  unacknowledged += frames
  const { socket, parts } = pattern
  flood = prepare(socket, frames, () => parts.join(messageId(pushed++)))
  report({ type: "prepared" })
}

/** Headers that a proxy does not forward. */
const hopByHop = new Set(["connection", "content-length", "host", "keep-alive", "transfer-encoding"])

/** Whether a frame acknowledges an event of a flood. It is not parsed, since the relay shares the machine with the client. */
const isFloodAck = (data: Buffer): boolean => data.includes(messageIdPrefix) && !data.includes("\"method\"")

const server = createServer((request, response) => {
  const parts: Array<Buffer> = []
  request.on("data", (part: Buffer) => parts.push(part))
  request.on("end", () => {
    const headers = new Headers()
    for (const [name, value] of Object.entries(request.headers)) {
      if (typeof value === "string" && !hopByHop.has(name)) headers.set(name, value)
    }
    void fetch(sandbox.info.http + (request.url ?? "/"), {
      method: request.method ?? "GET",
      headers,
      ...(parts.length === 0 ? undefined : { body: Buffer.concat(parts) })
    }).then(async (upstreamResponse) => {
      response.statusCode = upstreamResponse.status
      response.setHeader("content-type", upstreamResponse.headers.get("content-type") ?? "application/json")
      response.end(await upstreamResponse.text())
    }, () => response.destroy())
  })
})
const sockets = new WebSocketServer({ server, perMessageDeflate: false })
sockets.on("connection", (client, { socket }) => {
  const upstream = new WebSocket(sandbox.info.ws, { perMessageDeflate: false })
  const early: Array<string> = []
  upstream.on("open", () => {
    for (const text of early) upstream.send(text)
    early.length = 0
  })
  upstream.on("message", (data: Buffer) => {
    const text = data.toString()
    rememberEvent(text, socket)
    client.send(text)
  })
  client.on("message", (data: Buffer) => {
    if (isFloodAck(data)) {
      unacknowledged--
      if (unacknowledged === 0) report({ type: "acknowledged" })
    } else if (upstream.readyState === WebSocket.OPEN) upstream.send(data.toString())
    else early.push(data.toString())
  })
  client.on("close", () => upstream.close())
  upstream.on("close", () => client.close())
})
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  if (typeof address === "object" && address !== null) {
    report({ type: "listening", port: address.port, admin: sandbox.info.admin })
  }
})

process.on("message", (command: Command) => {
  if (command.type === "prepare") prepareFlood(command.frames)
  if (command.type === "flood") flood()
  if (command.type === "stop") void sandbox.stop().then(() => process.exit(0))
})
process.on("disconnect", () => void sandbox.stop().then(() => process.exit(0)))
