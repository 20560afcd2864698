/**
 * A sandbox with a flood in front of it: everything goes through as it is, and on demand a message that went through is
 * told again and again under new ids. So every client is flooded with what it would be told by the server itself.
 */
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import { createServer } from "node:http"
import type { Duplex } from "node:stream"
import { WebSocket, WebSocketServer } from "ws"
import { type Command, messageId, messageIdPrefix, type Told } from "./protocol.ts"
import { prepare } from "./push.ts"

const tell = (told: Told) => process.send?.(told)
const sandbox = await SandboxProcess.start()

/** The last message that was told, cut where its ids stand. */
let pattern:
  | { readonly texts: ReadonlyArray<string>; readonly socket: Duplex }
  | undefined
let unacknowledged = 0
let pushed = 0

const learn = (text: string, socket: Duplex): void => {
  const { id, method, params } = JSON.parse(text)
  if (method !== "signalwire.event" || params.event_type !== "conversation.message") return
  pattern = { socket, texts: text.replaceAll(id, "@@").replaceAll(params.params.id, "@@").split("@@") }
}

let flood = (): void => undefined

const makeFlood = (frames: number): void => {
  if (pattern === undefined) throw new Error("nothing was told yet")
  unacknowledged += frames
  const { socket, texts } = pattern
  flood = prepare(socket, frames, () => texts.join(messageId(pushed++)))
  tell({ type: "prepared" })
}

/** What is between two neighbours, and not handed on. */
const hopByHop = new Set(["connection", "content-length", "host", "keep-alive", "transfer-encoding"])

/** Whether it is the answer to an event of the flood; not parsed, for the relay shares its time with the client. */
const isOurs = (data: Buffer): boolean => data.includes(messageIdPrefix) && !data.includes("\"method\"")

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
    }).then(async (answer) => {
      response.statusCode = answer.status
      response.setHeader("content-type", answer.headers.get("content-type") ?? "application/json")
      response.end(await answer.text())
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
    learn(text, socket)
    client.send(text)
  })
  client.on("message", (data: Buffer) => {
    if (isOurs(data)) {
      unacknowledged--
      if (unacknowledged === 0) tell({ type: "acknowledged" })
    } else if (upstream.readyState === WebSocket.OPEN) upstream.send(data.toString())
    else early.push(data.toString())
  })
  client.on("close", () => upstream.close())
  upstream.on("close", () => client.close())
})
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  if (typeof address === "object" && address !== null) {
    tell({ type: "listening", port: address.port, admin: sandbox.info.admin })
  }
})

process.on("message", (command: Command) => {
  if (command.type === "prepare") makeFlood(command.frames)
  if (command.type === "flood") flood()
  if (command.type === "stop") void sandbox.stop().then(() => process.exit(0))
})
process.on("disconnect", () => void sandbox.stop().then(() => process.exit(0)))
