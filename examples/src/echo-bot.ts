/**
 * A bot that replies to every message exactly once, even if it is killed at any time. A durable cursor records which
 * messages it has handled, an outbox delivers its replies, and a reply's client id is derived from the id of the
 * message, so that a message which is received again after a restart gets no second reply.
 *
 *     node examples/src/echo-bot.ts [file.db]
 *
 * Reads `SIGNALWIRE_TOKEN`, and `SIGNALWIRE_HOST` if the token names no host.
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

  const events = yield* conversations.subscription({ cursor })
  yield* Console.log("listening")
  yield* Stream.runForEach(
    Stream.filter(events, ({ subtype, userId }) => subtype === "chat" && userId !== me.id),
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
// interrupts the fiber, so that messages in progress return to the queue
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => fiber.interruptUnsafe())
fiber.addObserver((exit) => {
  if (Exit.isSuccess(exit) || Exit.hasInterrupts(exit)) return
  console.error(Cause.pretty(exit.cause))
  process.exitCode = 1
})
