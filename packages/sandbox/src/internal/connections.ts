/**
 * Limits what the connections of a Node server can use: each handles one request at a time, and connections whose clients do not
 * read, or do not close, are broken.
 */
import type * as Http from "node:http"
import * as Https from "node:https"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"

/** The maximum number of pipelined requests that wait on a connection. */
const maxPipelined = 8

/** How long a client can read none of its pending data, in milliseconds. */
const readTimeout = 30_000

/** How long a client can keep a connection open after the server has ended it, in milliseconds. */
const endTimeout = 2000

/** The maximum size of the pending data of all connections, in bytes. */
const maxPendingBytes = 64 * 1024 * 1024

interface Progress {
  /** How many bytes the client had read at the last check. */
  read: number
  /**
   * Since when the client has not read any of its pending data, or the server has ended the connection, in milliseconds of a
   * monotonic clock.
   */
  since: number
}

/** Returns whether a request asks for an upgrade to WebSocket. */
const isWebSocketUpgrade = ({ headers, method }: Http.IncomingMessage): boolean =>
  method === "GET" && headers.upgrade?.toLowerCase() === "websocket"

/** Formats the head of a request without the headers that ask for an upgrade. */
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

/** The handlers of requests. */
export interface Handlers {
  readonly handle: (request: Http.IncomingMessage, response: Http.ServerResponse) => void
  /** Called for requests that ask for an upgrade to WebSocket. */
  readonly upgrade: (request: Http.IncomingMessage, socket: Duplex, head: Buffer) => void
}

/** The handlers while the server is starting. */
const starting: Handlers = {
  handle: (_, response) => response.writeHead(503).end(),
  upgrade: (_, socket) =>
    socket.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
}

/** The connections of a server. */
export class Connections {
  readonly #sockets = new Map<Socket, Progress>()
  /** All accepted connections, including those in a TLS handshake. */
  readonly #accepted = new Set<Socket>()
  /** Pipelined requests that wait for the request that is being handled on their connection. */
  readonly #pipelined = new WeakMap<Socket, Array<() => void>>()
  #handlers = starting
  #isClosed = false

  constructor(node: Http.Server | Https.Server) {
    // with TLS, the decrypted connection
    const event = node instanceof Https.Server ? "secureConnection" : "connection"
    node.on("connection", (socket: Socket) => this.#accept(socket))
    node.on(event, (socket: Socket) => this.#add(socket))
    node.on("request", (request, response) => this.#enqueue(request, response))
    node.on("upgrade", (request, socket, head) => {
      const connection = request.socket
      const isHandled = !this.#pipelined.has(connection)
      if (!isHandled || isWebSocketUpgrade(request)) {
        // Node removes its own listener
        connection.on("error", () => {})
        return isHandled ? this.#handlers.upgrade(request, socket, head) : connection.destroy()
      }
      // Node has detached the connection, with the rest of the request unread. Put the request back without its upgrade, and
      // let Node handle the connection again; it adds these listeners again. The option `shouldUpgradeCallback` does not help,
      // because it loses pipelined requests that were received together.
      connection.removeAllListeners("pause").removeAllListeners("resume")
      connection.unshift(head)
      connection.unshift(Buffer.from(withoutUpgrade(request), "latin1"))
      node.emit(event, connection)
    })
  }

  /** Sets the handlers. */
  serve(handlers: Handlers): void {
    this.#handlers = handlers
  }

  /** Breaks all connections, including later ones. */
  close(): void {
    this.#isClosed = true
    for (const socket of this.#accepted) socket.destroy()
  }

  /** Breaks the connections of clients that do not read or do not close. `now` is in milliseconds of a monotonic clock. */
  check(now: number): void {
    let total = 0
    for (const [socket, progress] of this.#sockets) {
      const pending = socket.writableLength
      const read = socket.bytesWritten - pending
      const hasEnded = socket.writableFinished
      if (read !== progress.read || (pending === 0 && !hasEnded)) progress.since = now
      progress.read = read
      if (now - progress.since >= (hasEnded ? endTimeout : readTimeout)) socket.destroy()
      else total += pending
    }
    if (total <= maxPendingBytes) return
    for (const socket of [...this.#sockets.keys()].toSorted((a, b) => b.writableLength - a.writableLength)) {
      if (total <= maxPendingBytes) return
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

  /** Handles the requests of a connection one after the other: responses of later requests would have to be held in memory. */
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
