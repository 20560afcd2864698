// file: recipe-sink.ts
import { Conversations, layerConfig, layerTransports } from "@effect-signalwire/conversation/Conversations"
import { SignalWireHttp } from "@effect-signalwire/http/SignalWireHttp"
import { ClientId } from "@effect-signalwire/schema/Ids"
import { Console, Effect, Layer, Sink, Stream } from "effect"

interface Line {
  readonly id: string
  readonly text: string
}

/** Sends every line to a conversation, in order, and returns how many. */
const sendTo = (addressId: string) =>
  Sink.reduceEffect(() => 0, (count, { id, text }: Line) =>
    Effect.gen(function*() {
      const { sendMessage } = yield* Conversations
      // the id is an idempotency key: when the program is run again, nothing is stored twice
      yield* sendMessage({ addressId, text, clientId: ClientId.make(id) })
      return count + 1
    }))

const program = Effect.gen(function*() {
  const { data: [room] } = yield* SignalWireHttp.use(({ getAddresses }) => getAddresses({ type: "room" }))
  if (room === undefined) return yield* Effect.die("there is no room")
  const lines = Stream.make("one", "two", "three").pipe(
    Stream.zipWithIndex,
    Stream.map(([text, index]) => ({ id: `import-${index}`, text }))
  )
  const count = yield* Stream.run(lines, sendTo(room.id))
  yield* Console.log(`sent ${count}`)
})
await Effect.runPromise(Effect.provide(program, Layer.provide(layerConfig(), layerTransports)))
