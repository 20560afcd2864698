// file: recipe-rpc.ts
import { Conversations, layerConfig, layerTransports } from "@effect-signalwire/conversation/Conversations"
import { ConversationError } from "@effect-signalwire/conversation/Schemas"
import { SignalWireHttp } from "@effect-signalwire/http/SignalWireHttp"
import { ConversationMessage } from "@effect-signalwire/schema/Schemas"
import { NodeHttpServer } from "@effect/platform-node"
import { Console, Effect, Layer, Schema, Stream } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { Rpc, RpcClient, RpcGroup, RpcSerialization, RpcServer } from "effect/rpc"
import { createServer } from "node:http"

const Chat = RpcGroup.make(Rpc.make("messages", {
  payload: { addressId: Schema.String },
  success: ConversationMessage,
  error: ConversationError,
  stream: true
}))
const Handlers = Chat.toLayer(Effect.map(Conversations, ({ timeline }) => ({
  messages: ({ addressId }) =>
    timeline({ addressId }).pipe(
      Stream.filter((event) => event._tag === "Message"),
      Stream.map(({ message }) => message)
    )
})))
const routes = RpcServer.layerHttp({ group: Chat, path: "/rpc", protocol: "http" })
const server = HttpRouter.serve(Layer.provide(routes, Handlers))
const rpcClient = Layer.unwrap(
  HttpServer.addressFormattedWith((address) => Effect.succeed(RpcClient.layerProtocolHttp({ url: `${address}/rpc` })))
)
const program = Effect.gen(function*() {
  const { data: [room] } = yield* SignalWireHttp.use(({ getAddresses }) => getAddresses({ type: "room" }))
  if (room === undefined) return yield* Effect.die("there is no room")
  yield* Conversations.use(({ sendMessage }) => sendMessage({ addressId: room.id, text: "hello" }))
  const { messages } = yield* RpcClient.make(Chat)
  yield* Stream.runForEach(Stream.take(messages({ addressId: room.id }), 1), ({ text }) => Console.log(text))
})
const app = Layer.merge(server, rpcClient).pipe(
  Layer.provideMerge(layerConfig().pipe(Layer.provideMerge(layerTransports))),
  Layer.provide([RpcSerialization.layerNdjson, NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })])
)
await Effect.runPromise(Effect.scoped(Effect.provide(program, app)))
