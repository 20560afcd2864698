/**
 * A bot that answers everything it hears, once: what it has heard is marked by a durable cursor, and what it says goes
 * through an outbox, so that it may be killed at any time and goes on where it stopped. An answer's id is made from the
 * id of what it answers: what is heard again after a restart is not answered again.
 *
 *     node examples/src/echo-bot.ts [file.db]
 *
 * It reads `SIGNALWIRE_TOKEN`, and `SIGNALWIRE_HOST` when the token names none.
 */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Cursor from "@effect-signalwire/conversation/Cursor"
import * as Outbox from "@effect-signalwire/conversation/Outbox"
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as SqliteClient from "@effect-signalwire/sandbox/SqliteClient"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as Stream from "effect/Stream"

const bot = Effect.gen(function*() {
  const conversations = yield* Conversations.Conversations
  const outbox = yield* Outbox.Outbox
  const me = yield* SignalWireHttp.SignalWireHttp.use(({ getSubscriber }) => getSubscriber)
  const cursor = yield* Cursor.make("echo-bot")

  const heard = yield* conversations.subscription({ cursor })
  yield* Console.log("listening")
  yield* Stream.runForEach(
    Stream.filter(heard, ({ subtype, userId }) => subtype === "chat" && userId !== me.id),
    ({ addressId, id, text }) =>
      addressId === null
        ? Effect.void
        : outbox.enqueue({ addressId, text: `You said: ${text}`, clientId: `echo-${id}` })
  )
}).pipe(Effect.scoped)

const [file = "echo-bot.db"] = process.argv.slice(2)

const store = Layer.merge(
  KeyValueStore.layerSql(),
  PersistedQueue.layer.pipe(
    Layer.provide(PersistedQueue.layerStoreSql({ lockExpiration: "15 seconds", lockRefreshInterval: "3 seconds" }))
  )
).pipe(Layer.provide(SqliteClient.layer(file)))

const client = Conversations.layerConfig().pipe(Layer.provide(Conversations.layerTransports))

const fiber = Effect.runFork(
  Effect.provide(bot, Outbox.layer().pipe(Layer.provideMerge(Layer.merge(client, store))))
)
// ends in order: what is under way is given back
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => fiber.interruptUnsafe())
fiber.addObserver((exit) => {
  if (Exit.isSuccess(exit) || Exit.hasInterrupts(exit)) return
  console.error(Cause.pretty(exit.cause))
  process.exitCode = 1
})
