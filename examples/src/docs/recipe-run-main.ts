// file: recipe-run-main.ts
import { Conversations, layerConfig, layerTransports } from "@effect-signalwire/conversation/Conversations"
import { SignalWireHttp } from "@effect-signalwire/http/SignalWireHttp"
import { NodeRuntime } from "@effect/platform-node"
import { Cause, Console, Effect, Exit, Layer, Stream } from "effect"

const bot = Effect.gen(function*() {
  const { sendMessage, subscription } = yield* Conversations
  const { data: [room] } = yield* SignalWireHttp.use(({ getAddresses }) => getAddresses({ type: "room" }))
  if (room === undefined) return yield* Effect.die("there is no room")
  const events = yield* subscription()
  yield* Effect.addFinalizer(() => Console.log("no more messages"))
  yield* sendMessage({ addressId: room.id, text: "hello" })
  yield* Stream.runForEach(events, ({ text }) =>
    Effect.gen(function*() {
      // what a process manager does at some time
      process.kill(process.pid, "SIGTERM")
      yield* Effect.sleep("50 millis")
      yield* Console.log(`handled ${text}`)
    }).pipe(Effect.uninterruptible))
}).pipe(Effect.scoped)

NodeRuntime.runMain(Effect.provide(bot, Layer.provide(layerConfig(), layerTransports)), {
  // a signal is a normal end; the default exit code after one is 130
  teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause) ? 0 : 1)
})
