// file: recipe-http-api.ts
import { Conversations, layerConfig, layerTransports } from "@effect-signalwire/conversation/Conversations"
import { ConversationError } from "@effect-signalwire/conversation/Schemas"
import { ConversationMessage, Invalid, NotFound, RateLimited, Unauthorized } from "@effect-signalwire/schema/Schemas"
import { NodeHttpServer } from "@effect/platform-node"
import { Console, Effect, Layer, Schema } from "effect"
import { HttpClient, HttpRouter } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiClient, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"

const getMessages = HttpApiEndpoint.get("messages", "/rooms/:addressId/messages", {
  params: { addressId: Schema.String },
  success: Schema.Array(ConversationMessage),
  error: [
    Invalid.annotate({ httpApiStatus: 422 }),
    NotFound.annotate({ httpApiStatus: 404 }),
    RateLimited.annotate({ httpApiStatus: 429 }),
    // this server's own token was refused, not that of the caller
    Unauthorized.annotate({ httpApiStatus: 503 }),
    // all other reasons
    ConversationError.annotate({ httpApiStatus: 502 })
  ]
})
const Api = HttpApi.make("chat").add(HttpApiGroup.make("rooms").add(getMessages))

const messagesOf = ({ getConversationMessages }: Conversations["Service"], addressId: string) =>
  getConversationMessages({ addressId, pageSize: 20 }).pipe(
    Effect.map(({ data }) => data),
    // these reasons become the error themselves; any other one stays the reason of a ConversationError
    Effect.catchReasons("ConversationError", {
      Invalid: (reason) => Effect.fail(reason),
      NotFound: (reason) => Effect.fail(reason),
      RateLimited: (reason) => Effect.fail(reason),
      Unauthorized: (reason) => Effect.fail(reason)
    })
  )
const Handlers = HttpApiBuilder.group(
  Api,
  "rooms",
  (handlers) =>
    Effect.map(
      Conversations,
      (service) => handlers.handle("messages", ({ params }) => messagesOf(service, params.addressId))
    )
)

const program = Effect.gen(function*() {
  const { status } = yield* HttpClient.get("/rooms/unknown/messages")
  yield* Console.log(`status ${status}`)
  // a client of the same API receives the typed reason
  const { rooms } = yield* HttpApiClient.make(Api)
  yield* rooms.messages({ params: { addressId: "unknown" } }).pipe(
    Effect.catch(({ _tag, message }) => Console.log(`${_tag}: ${message}`))
  )
})
const server = HttpRouter.serve(Layer.provide(HttpApiBuilder.layer(Api), Handlers))
const client = Layer.provide(layerConfig(), layerTransports)
await Effect.runPromise(Effect.provide(program, Layer.provideMerge(server, [client, NodeHttpServer.layerTest])))
