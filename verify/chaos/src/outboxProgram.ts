/** A process with an outbox over SQLite, to be killed: enqueues messages in sequence, and prints a line for each result. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Outbox from "@effect-signalwire/conversation/Outbox"
import * as SqliteClient from "@effect-signalwire/sandbox/SqliteClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type { ProgramOptions } from "./outbox.ts"

/** About a tenth of what a user would choose, to keep the test short. */
const store = PersistedQueue.layerStoreSql({
  pollInterval: "50 millis",
  lockRefreshInterval: "200 millis",
  lockExpiration: "1 second"
})

const print = (...words: ReadonlyArray<string>) => Effect.sync(() => void process.stdout.write(`${words.join(" ")}\n`))

const program = Effect.fnUntraced(function*({ messages }: ProgramOptions) {
  const outbox = yield* Outbox.Outbox
  yield* Stream.runForEach(outbox.events, (event) =>
    event._tag === "Sent"
      ? print("sent", event.entry.text)
      : print("failed", event.entry.text, event.error.reason._tag)).pipe(Effect.forkScoped({ startImmediately: true }))
  for (const { addressId, clientId, pauseMillis, text } of messages) {
    yield* print("enqueue", text)
    yield* outbox.enqueue({ addressId, text, clientId })
    yield* print("accepted", text)
    yield* Effect.sleep(pauseMillis)
  }
  return yield* Effect.never
})

const run = (options: ProgramOptions) =>
  program(options).pipe(
    Effect.scoped,
    Effect.provide(
      Outbox.layer({ settle: "2 seconds" }).pipe(
        Layer.provide(Conversations.layerFetch({
          token: Redacted.make(options.token),
          urls: options.urls,
          http: { timeout: "1 second", deadline: "3 seconds" }
        })),
        Layer.provide(PersistedQueue.layer.pipe(
          Layer.provide(store),
          Layer.provide(SqliteClient.layer(options.filename))
        ))
      )
    )
  )

process.once("message", (options: ProgramOptions) => {
  const fiber = Effect.runFork(run(options))
  // a graceful end releases the messages that are being delivered
  process.once("SIGTERM", () => {
    fiber.addObserver(() => process.exit(0))
    fiber.interruptUnsafe()
  })
})
