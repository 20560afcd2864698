/**
 * A fake WebSocket server that a test controls: the test reads the frames of the client, and sends every response itself.
 *
 * @since 0.1.0
 */
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Socket from "effect/socket/Socket"
import * as MemorySocket from "./MemorySocket.ts"

/** The server's end of one connection of the client. */
export interface Connection {
  /** The URL that the client connected to. */
  readonly url: string
  /** Opens the socket. */
  readonly open: Effect.Effect<void>
  /** Returns whether the socket is open: it was opened, and neither end has closed it. */
  readonly isOpen: () => boolean
  /** Waits for the next frame of the client. */
  readonly received: Effect.Effect<string>
  /** Waits for the next request of the client with this method; other frames before it are skipped. */
  readonly request: (method: string) => Effect.Effect<Extract<JsonRpc.Frame, { readonly _tag: "Request" }>>
  /** Sends a frame. */
  readonly send: (text: string) => Effect.Effect<void>
  /** Opens the socket, waits for `signalwire.connect`, and accepts it with a session of this protocol. Returns the request. */
  readonly accept: (protocol: string) => Effect.Effect<Extract<JsonRpc.Frame, { readonly _tag: "Request" }>>
  /** Opens the socket, waits for `signalwire.connect`, and responds with an error. Returns the request. */
  readonly refuse: (error: JsonRpc.RpcError) => Effect.Effect<Extract<JsonRpc.Frame, { readonly _tag: "Request" }>>
  /** Closes the socket with a close frame of this code. */
  readonly close: (code: number) => Effect.Effect<void>
  /** Closes the socket without a close frame, as a network failure does. */
  readonly drop: Effect.Effect<void>
}

/** A fake server. */
export interface FakeServer {
  /** Waits for the next connection of the client. */
  readonly nextConnection: Effect.Effect<Connection>
  /** Returns how many connections the client has made so far. */
  readonly connectionCount: () => number
  /** Provides the `WebSocketConstructor` that connects to this server. */
  readonly layer: Layer.Layer<Socket.WebSocketConstructor>
}

/** The result of `signalwire.connect` for a session with this protocol. */
export const connectResult = (protocol: string) => ({
  identity: "fake@test",
  protocol,
  authorization: {
    jti: "00000000-0000-4000-8000-000000000001",
    project_id: "00000000-0000-4000-8000-000000000002",
    scope: [],
    fabric_subscriber: {
      version: 1,
      expires_at: 4102444800,
      subscriber_id: "00000000-0000-4000-8000-000000000003",
      application_id: null,
      project_id: "00000000-0000-4000-8000-000000000002",
      space_id: "00000000-0000-4000-8000-000000000004"
    }
  },
  ice_servers: []
})

/** Encodes an event as a frame. */
export const event = (id: string, eventType: string, params: unknown): string =>
  JsonRpc.request(id, JsonRpc.method.event, { event_type: eventType, timestamp: 1735790645.5, params })

const makeConnection = Effect.fnUntraced(function*(url: string, pair: MemorySocket.SocketPair) {
  const frames = yield* Queue.unbounded<string>()
  pair.server.addEventListener("message", ({ data }) => {
    if (typeof data === "string") Queue.offerUnsafe(frames, data)
  })
  const open = Effect.sync(() => {
    if (pair.client.readyState === 0) pair.open()
  })
  const request: Connection["request"] = Effect.fnUntraced(function*(method) {
    while (true) {
      const frame = JsonRpc.parse(yield* Queue.take(frames))
      if (Result.isSuccess(frame) && frame.success._tag === "Request" && frame.success.method === method) {
        return frame.success
      }
    }
  })
  const send = (text: string) => Effect.sync(() => pair.server.send(text))
  const connection: Connection = {
    url,
    open,
    isOpen: () => pair.server.readyState === 1,
    received: Queue.take(frames),
    request,
    send,
    accept: Effect.fnUntraced(function*(protocol) {
      yield* open
      const connect = yield* request(JsonRpc.method.connect)
      yield* send(JsonRpc.reply(connect.id, connectResult(protocol)))
      return connect
    }),
    refuse: Effect.fnUntraced(function*(error) {
      yield* open
      const connect = yield* request(JsonRpc.method.connect)
      yield* send(JsonRpc.failure(connect.id, error))
      return connect
    }),
    close: (code) => Effect.sync(() => pair.server.close(code)),
    drop: Effect.sync(pair.drop)
  }
  return connection
})

/** Makes a fake server. */
export const make: Effect.Effect<FakeServer> = Effect.gen(function*() {
  const connections = yield* Queue.unbounded<Connection>()
  let count = 0
  const server: FakeServer = {
    nextConnection: Queue.take(connections),
    connectionCount: () => count,
    layer: Layer.succeed(Socket.WebSocketConstructor, (url) => {
      const pair = MemorySocket.make()
      count++
      Queue.offerUnsafe(connections, Effect.runSync(makeConnection(url, pair)))
      return pair.client
    })
  }
  return server
})
