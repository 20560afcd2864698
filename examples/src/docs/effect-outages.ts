// file: effect-outages.ts
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import { ClientId } from "@effect-signalwire/schema/Ids"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

const program = Effect.gen(function*() {
  const { connection, findMessage, join, sendMessage, subscription } = yield* Conversations.Conversations
  const { data: [room] } = yield* SignalWireHttp.SignalWireHttp.use(({ getAddresses }) =>
    getAddresses({ type: "room" })
  )
  if (room === undefined) return yield* Effect.die("there is no room")
  yield* join({ addressId: room.id })

  // the current state, then each change
  yield* connection.changes.pipe(
    Stream.runForEach(({ _tag, reason }) => Console.log(_tag, reason === null ? "" : reason.message)),
    Effect.forkScoped
  )
  // waits while the server can't be reached, and fails with `Timeout` after a minute
  const events = yield* subscription({ timeout: "1 minute" })
  yield* Stream.runForEach(events, ({ text }) => Console.log(`received ${text}`)).pipe(Effect.forkScoped)

  // a message with a client id of your own is stored once, however often it is sent
  const message = { addressId: room.id, text: "shipped", clientId: ClientId.make("order-7") }
  yield* sendMessage(message).pipe(
    // it may have been stored, which history shows
    Effect.catchIf(({ stored }) => stored === "unknown", (error) => Console.log(error.message))
  )
  const found = yield* findMessage(message)
  yield* Console.log(Option.match(found, { onNone: () => "not stored", onSome: ({ text }) => `stored: ${text}` }))
}).pipe(Effect.scoped)

const credentials = Layer.unwrap(Effect.gen(function*() {
  const token = yield* Config.Redacted("SIGNALWIRE_TOKEN")
  return Credentials.layer({
    token,
    refreshTimeout: "5 seconds",
    // retried later after a failure, unless that has `isRetryable: false`
    refresh: Effect.fail({ message: "signed out", isRetryable: false })
  })
}))

const client = Conversations.layerCredentials({
  sendDeadline: "30 seconds",
  sweep: { min: "5 seconds", max: "1 minute" },
  subscription: { heartbeat: "5 seconds", backoff: { base: "1 second", cap: "10 seconds", resetAfter: "1 minute" } }
}).pipe(Layer.provide([credentials, Conversations.layerTransports]))

await Effect.runPromise(Effect.provide(program, client))
