/**
 * The server's end of a socket in the hands of a test: it sees what the client sent and answers what the test says.
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

/** One dial of the client. */
export interface Connection {
  /** What the client dialled. */
  readonly url: string
  /** Lets the socket open. */
  readonly open: Effect.Effect<void>
  /** The next frame of the client, as text. */
  readonly received: Effect.Effect<string>
  /** The next request of the client with this method; what comes before it is passed over. */
  readonly request: (method: string) => Effect.Effect<Extract<JsonRpc.Frame, { readonly _tag: "Request" }>>
  /** Sends text as it is. */
  readonly send: (text: string) => Effect.Effect<void>
  /** Opens the socket and answers `signalwire.connect` as production does. */
  readonly accept: (protocol: string) => Effect.Effect<Extract<JsonRpc.Frame, { readonly _tag: "Request" }>>
  /** Opens the socket and refuses `signalwire.connect`. */
  readonly refuse: (error: JsonRpc.RpcError) => Effect.Effect<Extract<JsonRpc.Frame, { readonly _tag: "Request" }>>
  /** Closes with a close frame. */
  readonly close: (code: number) => Effect.Effect<void>
  /** Ends without one. */
  readonly cut: Effect.Effect<void>
}

/** A server of one test, which says frame by frame what happens. */
export interface FakeServer {
  /** The next dial of the client. */
  readonly dialled: Effect.Effect<Connection>
  /** How often the client has dialled so far. */
  readonly dials: () => number
  /** The `WebSocketConstructor` that dials it. */
  readonly layer: Layer.Layer<Socket.WebSocketConstructor>
}

/** The answer to `signalwire.connect` of a session with this name. */
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

/** The text of an event. */
export const event = (id: string, eventType: string, params: unknown): string =>
  JsonRpc.request(id, JsonRpc.method.event, { event_type: eventType, timestamp: 1735790645.5, params })

const makeConnection = Effect.fnUntraced(function*(url: string, link: MemorySocket.Link) {
  const frames = yield* Queue.unbounded<string>()
  link.server.addEventListener("message", ({ data }) => {
    if (typeof data === "string") Queue.offerUnsafe(frames, data)
  })
  const open = Effect.sync(() => {
    if (link.client.readyState === 0) link.open()
  })
  const request: Connection["request"] = Effect.fnUntraced(function*(method) {
    while (true) {
      const frame = JsonRpc.parse(yield* Queue.take(frames))
      if (Result.isSuccess(frame) && frame.success._tag === "Request" && frame.success.method === method) {
        return frame.success
      }
    }
  })
  const send = (text: string) => Effect.sync(() => link.server.send(text))
  const connection: Connection = {
    url,
    open,
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
    close: (code) => Effect.sync(() => link.server.close(code)),
    cut: Effect.sync(link.cut)
  }
  return connection
})

/** A server that waits for the test. */
export const make: Effect.Effect<FakeServer> = Effect.gen(function*() {
  const dialled = yield* Queue.unbounded<Connection>()
  let dials = 0
  return {
    dialled: Queue.take(dialled),
    dials: () => dials,
    layer: Layer.succeed(Socket.WebSocketConstructor, (url) => {
      const link = MemorySocket.make()
      dials++
      Queue.offerUnsafe(dialled, Effect.runSync(makeConnection(url, link)))
      return link.client
    })
  }
})
