/**
 * The connections of a Node server, kept within bounds: one request at a time is worked on, what is not read is given up,
 * and what has ended is closed.
 */
import type * as Http from "node:http"
import * as Https from "node:https"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"

/** How many requests may wait on a connection for the one before them. */
const maxPipelined = 8

/** How long a client may read nothing of what waits for it, in milliseconds. */
const readTimeout = 30_000

/** How long a client may keep a connection open that this side has ended, in milliseconds. */
const endTimeout = 2000

/** How many bytes may wait in all connections together. */
const maxWaiting = 64 * 1024 * 1024

interface Seen {
  /** What had left for its client when it was looked at last, in bytes. */
  read: number
  /** Since when nothing more has, though there is something, or it has ended: milliseconds of a monotonic clock. */
  since: number
}

/** Whether a request asks for a WebSocket, and for nothing else. */
const isForWebSocket = ({ headers, method }: Http.IncomingMessage): boolean =>
  method === "GET" && headers.upgrade?.toLowerCase() === "websocket"

/** The head of a request that asked for another protocol, without asking for it. */
const withoutUpgrade = ({ httpVersion, method, rawHeaders, url }: Http.IncomingMessage): string => {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = "", value = ""] = rawHeaders.slice(index, index + 2)
    switch (name.toLowerCase()) {
      case "upgrade":
      case "http2-settings":
        continue
      case "connection": {
        const options = value.split(",").filter((option) => !/^\s*(?:upgrade|http2-settings)\s*$/i.test(option))
        if (options.length > 0) lines.push(`${name}: ${options.join(",")}`)
        continue
      }
      default:
        lines.push(`${name}: ${value}`)
    }
  }
  return `${lines.join("\r\n")}\r\n\r\n`
}

/** What is done with requests. */
export interface Handlers {
  readonly handle: (request: Http.IncomingMessage, response: Http.ServerResponse) => void
  /** Only of those that ask for a WebSocket. */
  readonly upgrade: (request: Http.IncomingMessage, socket: Duplex, head: Buffer) => void
}

/** Until there is something to serve. */
const starting: Handlers = {
  handle: (_, response) => response.writeHead(503).end(),
  upgrade: (_, socket) =>
    socket.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
}

/** Looks after the connections of a server. */
export class Connections {
  readonly #sockets = new Map<Socket, Seen>()
  /** All accepted connections, also those still in a TLS handshake. */
  readonly #accepted = new Set<Socket>()
  /** Requests that wait for the one that is being handled on their connection. */
  readonly #pipelined = new WeakMap<Socket, Array<() => void>>()
  #handlers = starting
  #isClosed = false

  constructor(node: Http.Server | Https.Server) {
    // of TLS, the connection is what is inside of it
    const event = node instanceof Https.Server ? "secureConnection" : "connection"
    node.on("connection", (socket: Socket) => this.#accept(socket))
    node.on(event, (socket: Socket) => this.#add(socket))
    node.on("request", (request, response) => this.#enqueue(request, response))
    node.on("upgrade", (request, socket, head) => {
      const connection = request.socket
      const isHandled = !this.#pipelined.has(connection)
      if (!isHandled || isForWebSocket(request)) {
        // Node takes its own listener away
        connection.on("error", () => {})
        return isHandled ? this.#handlers.upgrade(request, socket, head) : connection.destroy()
      }
      // Node left the connection to us, and what follows of the request in it. Its `shouldUpgradeCallback` would not do: it
      // loses the requests that came in the same piece. These listeners Node adds again.
      connection.removeAllListeners("pause").removeAllListeners("resume")
      connection.unshift(head)
      connection.unshift(Buffer.from(withoutUpgrade(request), "latin1"))
      node.emit(event, connection)
    })
  }

  /** From now on, requests are handled so. */
  serve(handlers: Handlers): void {
    this.#handlers = handlers
  }

  /** Breaks them all, and those that still come. */
  close(): void {
    this.#isClosed = true
    for (const socket of this.#accepted) socket.destroy()
  }

  /** Breaks those whose clients do not read, or do not close their side. `now` is in milliseconds of a monotonic clock. */
  check(now: number): void {
    let total = 0
    for (const [socket, seen] of this.#sockets) {
      const waiting = socket.writableLength
      const read = socket.bytesWritten - waiting
      const hasEnded = socket.writableFinished
      if (read !== seen.read || (waiting === 0 && !hasEnded)) seen.since = now
      seen.read = read
      if (now - seen.since >= (hasEnded ? endTimeout : readTimeout)) socket.destroy()
      else total += waiting
    }
    if (total <= maxWaiting) return
    for (const socket of [...this.#sockets.keys()].toSorted((a, b) => b.writableLength - a.writableLength)) {
      if (total <= maxWaiting) return
      total -= socket.writableLength
      socket.destroy()
    }
  }

  #accept(socket: Socket): void {
    if (this.#isClosed) socket.destroy()
    if (this.#accepted.has(socket)) return
    this.#accepted.add(socket)
    socket.once("close", () => this.#accepted.delete(socket))
  }

  #add(socket: Socket): void {
    if (this.#sockets.has(socket)) return
    this.#sockets.set(socket, { read: -1, since: 0 })
    socket.once("close", () => this.#sockets.delete(socket))
  }

  /** Handles the requests of a connection one after the other: the answers of a later one would wait in memory. */
  #enqueue(request: Http.IncomingMessage, response: Http.ServerResponse): void {
    const { socket } = request
    const handle = () => {
      response.once("close", () => {
        const next = socket.destroyed ? undefined : this.#pipelined.get(socket)?.shift()
        if (next === undefined) this.#pipelined.delete(socket)
        else next()
      })
      this.#handlers.handle(request, response)
    }
    const waiting = this.#pipelined.get(socket)
    if (waiting === undefined) {
      this.#pipelined.set(socket, [])
      return handle()
    }
    if (waiting.push(handle) > maxPipelined) socket.destroy()
  }
}
