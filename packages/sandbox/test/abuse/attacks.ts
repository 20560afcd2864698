/** Abusive clients: each of them tries to exhaust a resource of the sandbox. */
import type { Info } from "@effect-signalwire/sandbox/Sandbox"
import { connect, type Socket } from "node:net"
import { fixtures } from "../support.ts"

export interface Attack {
  readonly name: string
  /** Starts the attack, which runs until its worker is terminated. */
  readonly start: (info: Info) => Promise<void>
}

const portOf = ({ http }: Info): number => Number(new URL(http).port)

/** Opens raw connections that write and, unless they are resumed, do not read. */
const connections = async (
  info: Info,
  count: number,
  write: (socket: Socket, index: number) => void
): Promise<void> => {
  await Promise.all(Array.from({ length: count }, (_, index) =>
    new Promise<Socket>((resolve) => {
      const socket = connect(portOf(info), "127.0.0.1", () => {
        socket.pause()
        write(socket, index)
        resolve(socket)
      })
      socket.on("error", () => {})
    })))
}

/** Writes repeatedly, and waits while the connection is not writable. */
const keepWriting = (socket: Socket, text: string | Buffer): void => {
  const more = () => {
    while (!socket.destroyed && socket.writableLength < 65_536) socket.write(text)
    if (!socket.destroyed) socket.once("drain", more)
  }
  more()
}

const get = (path: string, token: string) =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n\r\n`

const upgrade = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

/** Encodes a text frame with a mask of zeros. */
const frame = (text: string): Buffer => {
  const payload = Buffer.from(text)
  const head = Buffer.alloc(payload.length < 126 ? 6 : payload.length < 65_536 ? 8 : 14)
  head[0] = 0x81
  if (payload.length < 126) head[1] = 0x80 | payload.length
  else if (payload.length < 65_536) {
    head[1] = 0x80 | 126
    head.writeUInt16BE(payload.length, 2)
  } else {
    head[1] = 0x80 | 127
    head.writeBigUInt64BE(BigInt(payload.length), 2)
  }
  return Buffer.concat([head, payload])
}

const connectFrame = (token: string, acks: boolean): Buffer =>
  frame(JSON.stringify({
    jsonrpc: "2.0",
    id: "c",
    method: "signalwire.connect",
    params: { version: { major: 4, minor: 0, revision: 0 }, event_acks: acks, authentication: { jwt_token: token } }
  }))

const post = (info: Info, path: string, headers: Record<string, string>, body: unknown) =>
  fetch(`${info.http}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body)
  })

const basic = ({ apiToken, projectId }: Info) => ({ authorization: `Basic ${btoa(`${projectId}:${apiToken}`)}` })

/** Calls a function repeatedly, a few calls at a time. */
const repeating = (call: () => Promise<unknown>, lanes = 8): void => {
  const lane = async () => {
    while (true) await call().catch(() => {})
  }
  for (let n = 0; n < lanes; n++) void lane()
}

/** Seeds messages of nearly the maximum length, so that pages of them are large. */
export const fill = async (info: Info, count: number): Promise<void> => {
  const { ada: { addressId: _, id }, grace } = fixtures(info)
  const long = { x: "y".repeat(32_000) }
  for (let n = 0; n < count; n += 50) {
    const messages = Array.from({ length: 50 }, () => ({
      from: id,
      addressId: grace.addressId,
      text: "z".repeat(9000),
      metadata: long,
      details: long
    }))
    const response = await post(info, "/_sandbox/messages", {}, { messages })
    if (!response.ok) throw new Error(await response.text())
    await response.body?.cancel()
  }
}

/** The maximum number of pipelined requests. */
const pipelined = 8

export const attacks: ReadonlyArray<Attack> = [
  {
    name: "responses that are never read",
    start: (info) =>
      connections(info, 40, (socket) => {
        socket.write(get("/api/fabric/messages?page_size=1000", fixtures(info).ada.token).repeat(pipelined))
      })
  },
  {
    name: "responses of the admin API that are never read",
    start: (info) =>
      connections(info, 40, (socket) => void socket.write(get("/_sandbox/messages", "").repeat(pipelined)))
  },
  {
    name: "endless requests behind a response that is never read",
    start: (info) =>
      connections(
        info,
        40,
        // until the connection is broken because of too many pipelined requests
        (socket) =>
          keepWriting(socket, get("/api/fabric/messages?page_size=1000", fixtures(info).ada.token).repeat(pipelined))
      )
  },
  {
    name: "frames that are never read",
    start: (info) =>
      connections(info, 40, (socket) => {
        socket.write(upgrade)
        socket.write(connectFrame(fixtures(info).ada.token, false))
        const id = "i".repeat(900)
        keepWriting(socket, frame(JSON.stringify({ jsonrpc: "2.0", id, method: "signalwire.ping" })))
      })
  },
  {
    name: "events that are never acknowledged",
    start: async (info) => {
      const { ada: { addressId: _, token }, grace } = fixtures(info)
      await connections(info, 200, (socket) => {
        socket.write(upgrade)
        socket.write(connectFrame(grace.token, true))
        socket.resume()
      })
      repeating(() =>
        post(info, "/api/fabric/messages", { authorization: `Bearer ${token}` }, {
          conversation_id: grace.addressId,
          text: "z".repeat(9000),
          metadata: { x: "y".repeat(30_000) }
        }).then((response) => response.text()), 4)
    }
  },
  {
    name: "bodies that never end",
    start: (info) =>
      connections(info, 400, (socket, index) => {
        const length = index % 2 === 0 ? "Content-Length: 500000" : "Transfer-Encoding: chunked"
        socket.write(
          `POST /api/fabric/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${
            fixtures(info).ada.token
          }\r\n${length}\r\n\r\n`
        )
        const text = "x".repeat(490_000)
        socket.write(index % 2 === 0 ? text : `${text.length.toString(16)}\r\n${text}\r\n`)
      })
  },
  {
    name: "guests",
    start: async (info) =>
      repeating(async () => {
        const address = info.rooms[0]?.addressId
        await (await post(info, "/api/fabric/embeds/tokens", {}, { token: `c2c_${address}` })).text()
      })
  },
  {
    name: "tokens that have expired",
    start: async (info) =>
      repeating(async () => {
        const body = { reference: "mallory", expire_at: 1, scope: ["a".repeat(100)], application_id: "b".repeat(100) }
        await (await post(info, "/api/fabric/subscribers/tokens", basic(info), body)).text()
      })
  },
  {
    name: "tokens with large claims",
    start: async (info) =>
      repeating(async () => {
        const scope = Array.from({ length: 32 }, () => "c".repeat(100))
        const body = { reference: "mallory", scope, application_id: "d".repeat(100) }
        await (await post(info, "/api/fabric/subscribers/tokens", basic(info), body)).text()
      })
  },
  {
    name: "entries of the wire log",
    start: async (info) => {
      const body = { deep: Array.from({ length: 5000 }, (_, n) => ({ n })) }
      return repeating(async () => {
        await (await post(info, "/api/fabric/messages", { authorization: `Bearer ${fixtures(info).ada.token}` }, body))
          .text()
      })
    }
  }
]
