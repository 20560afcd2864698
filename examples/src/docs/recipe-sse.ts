// file: recipe-sse.ts
import { Conversations, layerConfig, layerTransports } from "@effect-signalwire/conversation/Conversations"
import { ConversationError } from "@effect-signalwire/conversation/Schemas"
import { SignalWireHttp } from "@effect-signalwire/http/SignalWireHttp"
import { ConversationMessage } from "@effect-signalwire/schema/Schemas"
import { NodeHttpServer } from "@effect/platform-node"
import { Console, Effect, Layer, Schema, Stream } from "effect"
import { HttpRouter } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiClient, HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"

const events = Schema.Union([
  Schema.Struct({ event: Schema.tag("message"), data: Schema.fromJsonString(Schema.toCodecJson(ConversationMessage)) }),
  Schema.Struct({ event: Schema.tag("keep-alive"), data: Schema.Literal("") })
])
const getEvents = HttpApiEndpoint.get("events", "/rooms/:addressId/events", {
  params: { addressId: Schema.String },
  success: HttpApiSchema.StreamSse({ events, error: ConversationError })
})
const Api = HttpApi.make("chat").add(HttpApiGroup.make("rooms").add(getEvents))
// proxies close a response that stays silent
const keepAlive = Stream.as(Stream.tick("15 seconds"), { event: "keep-alive", data: "" } as const)
const eventsOf = ({ timeline }: Conversations["Service"], addressId: string) =>
  timeline({ addressId }).pipe(
    Stream.filter((event) => event._tag === "Message"),
    Stream.map(({ message }) => ({ event: "message", data: message } as const)),
    Stream.merge(keepAlive, { haltStrategy: "left" })
  )
const Handlers = HttpApiBuilder.group(
  Api,
  "rooms",
  (handlers) =>
    Effect.map(
      Conversations,
      (service) => handlers.handle("events", ({ params }) => Effect.succeed(eventsOf(service, params.addressId)))
    )
)
const server = HttpRouter.serve(Layer.provide(HttpApiBuilder.layer(Api), Handlers))
const program = Effect.gen(function*() {
  const { data: [room] } = yield* SignalWireHttp.use(({ getAddresses }) => getAddresses({ type: "room" }))
  if (room === undefined) return yield* Effect.die("there is no room")
  yield* Conversations.use(({ sendMessage }) => sendMessage({ addressId: room.id, text: "hello" }))
  const { rooms } = yield* HttpApiClient.make(Api)
  const stream = yield* rooms.events({ params: { addressId: room.id } })
  const show = ({ data, event }: typeof events.Type) => Console.log(data === "" ? event : data.text)
  yield* Stream.runForEach(Stream.take(stream, 2), show)
})
const client = Layer.provide(layerConfig(), layerTransports)
await Effect.runPromise(Effect.provide(program, Layer.provideMerge(server, [client, NodeHttpServer.layerTest])))
