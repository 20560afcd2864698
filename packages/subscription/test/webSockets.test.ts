/** Tests of sockets over real connections: how many writes sending takes, and how a rejected upgrade is reported. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Socket from "effect/socket/Socket"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { createServer } from "node:http"
import { Socket as TcpSocket } from "node:net"
import { vi } from "vitest"
import { WebSocket, WebSocketServer } from "ws"
import * as SocketModule from "../src/internal/socket.ts"
import * as NodeWebSockets from "../src/NodeWebSockets.ts"
import * as WebSockets from "../src/WebSockets.ts"

const acceptKey = (key: string): string =>
  createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64")

/** A server that responds to requests, accepts sockets, and records the remote port of each. */
const startServer = Effect.acquireRelease(
  Effect.promise(async () => {
    const ports: Array<number | undefined> = []
    const server = createServer((request, response) => {
      ports.push(request.socket.remotePort)
      response.end("hello")
    })
    server.on("upgrade", (request, socket) => {
      ports.push(request.socket.remotePort)
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
          `Sec-WebSocket-Accept: ${acceptKey(request.headers["sec-websocket-key"] ?? "")}\r\n\r\n`
      )
      socket.resume()
    })
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve)
    })
    const address = server.address()
    return { port: typeof address === "object" && address !== null ? address.port : 0, ports, server }
  }),
  ({ server }) =>
    Effect.sync(() => {
      server.closeAllConnections()
      server.close()
    })
)

const dial = Effect.fnUntraced(function*(port: number) {
  const open = yield* Socket.WebSocketConstructor
  const webSocket = open(`ws://127.0.0.1:${port}`)
  yield* Effect.promise(() =>
    new Promise<void>((resolve) => {
      webSocket.addEventListener("open", () => resolve(), { once: true })
    })
  )
  yield* Effect.addFinalizer(() => Effect.sync(() => webSocket.close()))
  return webSocket
}, Effect.provide(WebSockets.layer))

const eventLoopTurn = () =>
  new Promise<void>((resolve) => {
    setImmediate(resolve)
  })

/** A socket over a connection that carried a request before: `fetch` takes a few turns to return one to its pool. */
const dialAfterRequest = Effect.gen(function*() {
  const { port, ports } = yield* startServer
  for (let turns = 1; turns <= 50; turns++) {
    yield* Effect.promise(async () => {
      await (await fetch(`http://127.0.0.1:${port}`)).text()
      for (let turn = 0; turn < turns; turn++) await eventLoopTurn()
    })
    const webSocket = yield* dial(port)
    const [requested, upgraded] = ports.splice(0)
    if (upgraded === requested) return webSocket
  }
  return assert.fail("fetch did not return a connection to its pool within 50 turns")
})

/** Counts the writes to the network that `send` causes within a turn of the event loop. */
const writesOf = (send: () => void) =>
  Effect.promise(async () => {
    const { _write, _writev } = TcpSocket.prototype
    let writes = 0
    TcpSocket.prototype._write = function(...args) {
      writes++
      return _write.apply(this, args)
    }
    TcpSocket.prototype._writev = function(...args) {
      writes++
      return _writev?.apply(this, args)
    }
    send()
    await eventLoopTurn()
    TcpSocket.prototype._write = _write
    if (_writev !== undefined) TcpSocket.prototype._writev = _writev
    return writes
  })

describe("the platform's WebSocket on Node", () => {
  it.live("combines what is sent in one tick into one write", () =>
    Effect.gen(function*() {
      const { port } = yield* startServer
      const webSocket = yield* dial(port)
      const writes = yield* writesOf(() => {
        for (let n = 0; n < 100; n++) webSocket.send(`${n}`)
      })
      assert.strictEqual(writes, 1)
    }).pipe(Effect.scoped))

  it.live("combines sends over a connection that carried a request before", () =>
    Effect.gen(function*() {
      const webSocket = yield* dialAfterRequest
      const writes = yield* writesOf(() => {
        for (let n = 0; n < 100; n++) webSocket.send(`${n}`)
      })
      assert.strictEqual(writes, 1)
    }).pipe(Effect.scoped))
})

describe("P7.2: closing the platform's WebSocket on Node", () => {
  /** Counts how often a connection is destroyed, with timers that the test advances. */
  const destroying = Effect.acquireRelease(
    Effect.sync(() => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
      return vi.spyOn(TcpSocket.prototype, "destroy")
    }),
    (spy) =>
      Effect.sync(() => {
        spy.mockRestore()
        vi.useRealTimers()
      })
  )

  it.live("destroys the connection when the server does not confirm the close within 2 seconds", () =>
    Effect.gen(function*() {
      const { port } = yield* startServer
      const webSocket = yield* dial(port)
      const closed = new Promise((resolve) => {
        webSocket.addEventListener("close", resolve)
      })
      const destroyed = yield* destroying
      webSocket.close(1000)
      webSocket.close(1000)
      vi.advanceTimersByTime(1999)
      assert.strictEqual(destroyed.mock.calls.length, 0)
      vi.advanceTimersByTime(1)
      assert.strictEqual(destroyed.mock.calls.length, 1)
      yield* Effect.promise(() => closed)
    }).pipe(Effect.scoped))

  it.live.each(["the client", "the server"])(
    "destroys nothing when the other end confirms a close of %s",
    (closing) =>
      Effect.gen(function*() {
        const server = yield* Effect.acquireRelease(
          Effect.sync(() => new WebSocketServer({ port: 0, host: "127.0.0.1" })),
          (server) => Effect.sync(() => server.close())
        )
        yield* Effect.promise(() => once(server, "listening"))
        const address = server.address()
        const webSocket = yield* dial(typeof address === "object" && address !== null ? address.port : 0)
        const destroyed = yield* destroying
        const closed = new Promise((resolve) => {
          webSocket.addEventListener("close", resolve)
        })
        if (closing === "the client") webSocket.close(1000)
        else for (const client of server.clients) client.close(1000)
        yield* Effect.promise(() => closed)
        destroyed.mockClear()
        webSocket.close(1000)
        vi.advanceTimersByTime(2000)
        assert.strictEqual(destroyed.mock.calls.length, 0)
      }).pipe(Effect.scoped)
  )
})

const open = (port: number) =>
  SocketModule.open({ url: `ws://127.0.0.1:${port}/path`, timeoutMillis: 5000, redact: identity })

/** A server that rejects upgrades. */
const startRejecting = (status: number, headers: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer()
      server.on("upgrade", (_, socket) => {
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
        socket.end(`HTTP/1.1 ${status} No\r\n${lines.join("")}content-length: 0\r\n\r\n`)
      })
      await new Promise<void>((resolve) => {
        server.listen(0, "127.0.0.1", resolve)
      })
      const address = server.address()
      return { server, port: typeof address === "object" && address !== null ? address.port : 0 }
    }),
    ({ server }) => Effect.sync(() => void server.close())
  )

describe.each(
  [
    ["the platform's WebSocket", WebSockets.layer],
    ["the WebSocket of ws", NodeWebSockets.layer(WebSocket)]
  ] as const
)("%s", (_, layer) => {
  it.live("P8.5: reports the status and the Retry-After of a rejected upgrade", () =>
    Effect.gen(function*() {
      const { port } = yield* startRejecting(503, { "Retry-After": "7" })
      const failure = yield* Effect.flip(Effect.scoped(open(port)))
      assert.include(failure.reason.message, "the server responded with status 503")
      assert.strictEqual(failure.retryAfterMillis, 7000)
    }).pipe(Effect.provide(layer)))

  it.live("P8.5: does not mistake the response to another socket, which dials at the same time, for its own", () =>
    Effect.gen(function*() {
      const { port, server } = yield* startRejecting(503, { "Retry-After": "7" })
      let dials = 0
      server.prependListener("upgrade", (_, socket) => {
        if (++dials === 2) socket.destroy()
      })
      const failures = yield* Effect.all([1, 2].map(() => Effect.flip(Effect.scoped(open(port)))), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(new Set(failures.map(({ retryAfterMillis }) => retryAfterMillis)), new Set([0, 7000]))
    }).pipe(Effect.provide(layer)))

  it.live.each(["soon", "-1", "1e400", "0x10", "Infinity"])(
    "P8.5: ignores an invalid Retry-After: %s",
    (retryAfter) =>
      Effect.gen(function*() {
        const { port } = yield* startRejecting(429, { "Retry-After": retryAfter })
        const failure = yield* Effect.flip(Effect.scoped(open(port)))
        assert.strictEqual(failure.retryAfterMillis, 0)
      }).pipe(Effect.provide(layer))
  )
})
