/**
 * A process with an outbox over SQLite: gives it messages, one after the other, and says what became of them, a line each.
 * It is made to be killed.
 */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Outbox from "@effect-signalwire/conversation/Outbox"
import * as SqliteClient from "@effect-signalwire/sandbox/SqliteClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type { Plan } from "./outbox.ts"

/** What a test needs to be brief; a user's would be some ten times as long. */
const store = PersistedQueue.layerStoreSql({
  pollInterval: "50 millis",
  lockRefreshInterval: "200 millis",
  lockExpiration: "1 second"
})

const say = (...words: ReadonlyArray<string>) => Effect.sync(() => void process.stdout.write(`${words.join(" ")}\n`))

const program = Effect.fnUntraced(function*({ letters }: Plan) {
  const outbox = yield* Outbox.Outbox
  yield* Stream.runForEach(outbox.events, (event) =>
    event._tag === "Sent"
      ? say("sent", event.entry.text)
      : say("failed", event.entry.text, event.error.reason._tag)).pipe(Effect.forkScoped({ startImmediately: true }))
  for (const { addressId, clientId, pause, text } of letters) {
    yield* say("give", text)
    yield* outbox.enqueue({ addressId, text, clientId })
    yield* say("kept", text)
    yield* Effect.sleep(pause)
  }
  return yield* Effect.never
})

const run = (plan: Plan) =>
  program(plan).pipe(
    Effect.scoped,
    Effect.provide(
      Outbox.layer({ settle: "2 seconds" }).pipe(
        Layer.provide(Conversations.layerFetch({
          token: Redacted.make(plan.token),
          urls: plan.urls,
          http: { timeout: "1 second", deadline: "3 seconds" }
        })),
        Layer.provide(PersistedQueue.layer.pipe(
          Layer.provide(store),
          Layer.provide(SqliteClient.layer(plan.filename))
        ))
      )
    )
  )

process.once("message", (plan: Plan) => {
  const fiber = Effect.runFork(run(plan))
  // an end in order gives back what is under way
  process.once("SIGTERM", () => {
    fiber.addObserver(() => process.exit(0))
    fiber.interruptUnsafe()
  })
})
