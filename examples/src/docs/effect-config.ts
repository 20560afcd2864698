// file: effect-config.ts
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const client = Conversations.layerConfig({
  token: Config.Redacted("SIGNALWIRE_TOKEN"),
  sendDeadline: Config.Duration("CHAT_SEND_DEADLINE").pipe(Config.withDefault("1 minute")),
  subscription: { heartbeat: Config.Duration("CHAT_HEARTBEAT").pipe(Config.withDefault("20 seconds")) }
})

const program = Effect.gen(function*() {
  const { getConversations } = yield* Conversations.Conversations
  const { data } = yield* getConversations({ pageSize: 10 })
  yield* Console.log(`${data.length} conversations on the first page`)
})

await Effect.runPromise(Effect.provide(program, Layer.provide(client, Conversations.layerTransports)))
