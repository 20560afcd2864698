// file: effect.ts
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import { Effect, Layer, Stream } from "effect"

const program = Effect.gen(function*() {
  const conversations = yield* Conversations.Conversations
  const http = yield* SignalWireHttp.SignalWireHttp
  const { data: [room] } = yield* http.getAddresses({ type: "room" })
  if (room === undefined) return yield* Effect.die("there is no room")
  const addressId = room.id
  yield* conversations.join({ addressId })

  // no message is missed from here on
  const events = yield* conversations.subscription()
  yield* conversations.sendMessage({ addressId, text: "Hello!", metadata: { tone: "casual" } }).pipe(
    Effect.catchReason("ConversationError", "Unconfirmed", () => Effect.log("it may have been stored"))
  )
  yield* events.pipe(
    Stream.take(1),
    Stream.runForEach(({ metadata, text }) => Effect.log("received", text, metadata))
  )

  // history and live messages as one sequence, oldest first. It begins with the newest page of history;
  // `since: 0` begins with the first message
  yield* conversations.timeline({ addressId, since: 0 }).pipe(
    Stream.takeUntil((event) => event._tag === "CaughtUp"),
    Stream.runForEach((event) => event._tag === "Message" ? Effect.log("timeline", event.message.text) : Effect.void)
  )
}).pipe(Effect.scoped)

// the token from the environment variable SIGNALWIRE_TOKEN, and the platform's fetch and WebSocket
const live = Conversations.layerConfig().pipe(Layer.provide(Conversations.layerTransports))

await Effect.runPromise(Effect.provide(program, live))
