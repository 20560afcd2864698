// file: recipe-stream.ts
import { Conversations, layerConfig, layerTransports } from "@effect-signalwire/conversation/Conversations"
import { SignalWireHttp } from "@effect-signalwire/http/SignalWireHttp"
import { Console, Effect, Layer, Stream } from "effect"

/** Streams new messages. Each run is a subscription of its own; `onStart` runs once no later message can be missed. */
const messages = <E, R>(onStart: Effect.Effect<unknown, E, R>) =>
  Stream.unwrap(Effect.gen(function*() {
    const { subscription } = yield* Conversations
    const events = yield* subscription({
      timeout: "1 minute",
      // a dashboard needs only the newest messages
      policy: { strategy: "sliding", capacity: 100 },
      onGap: ({ from }) => Effect.logWarning("messages may be missing from", from)
    })
    yield* onStart
    return events
  }))

const program = Effect.gen(function*() {
  const { sendMessage } = yield* Conversations
  const { data: [room] } = yield* SignalWireHttp.use(({ getAddresses }) => getAddresses({ type: "room" }))
  if (room === undefined) return yield* Effect.die("there is no room")
  yield* messages(sendMessage({ addressId: room.id, text: "hello" })).pipe(
    Stream.filter(({ subtype }) => subtype === "chat"),
    Stream.take(1),
    Stream.runForEach(({ text }) => Console.log(`received ${text}`))
  )
})
await Effect.runPromise(Effect.provide(program, Layer.provide(layerConfig(), layerTransports)))
