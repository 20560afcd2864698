// file: effect-telemetry.ts
import * as ConversationMetrics from "@effect-signalwire/conversation/ConversationMetrics"
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as ConversationTrace from "@effect-signalwire/conversation/ConversationTrace"
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Stream from "effect/Stream"

const program = Effect.gen(function*() {
  const conversations = yield* Conversations.Conversations
  const { data: [room] } = yield* SignalWireHttp.SignalWireHttp.use(({ getAddresses }) =>
    getAddresses({ type: "room" })
  )
  if (room === undefined) return yield* Effect.die("there is no room")
  yield* conversations.join({ addressId: room.id })

  const events = yield* conversations.subscription()
  yield* conversations.sendMessage({ addressId: room.id, text: "traced" })
  // the handler runs in a span that is linked to the span in which the message was sent
  yield* Stream.runForEach(
    Stream.take(events, 1),
    (event) => ConversationTrace.withMessage(Console.log(`acting on ${event.text}`), event)
  )
  const { count } = yield* Metric.value(ConversationMetrics.forClient("bot").sentMessages())
  yield* Console.log(`${count} stored`)
}).pipe(Effect.scoped)

const client = Layer.unwrap(Effect.gen(function*() {
  const token = yield* Config.Redacted("SIGNALWIRE_TOKEN")
  return Conversations.layerFetch({ token, name: "bot", traceMessages: true })
}))

await Effect.runPromise(Effect.provide(program, client))
