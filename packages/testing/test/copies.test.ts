/** Messages that the server has stored twice, as when a browser repeats a request. */
import * as Cursor from "@effect-signalwire/conversation/Cursor"
import type { TimelineEvent } from "@effect-signalwire/conversation/TimelineEvent"
import * as ClientKey from "@effect-signalwire/schema/ClientKey"
import { ClientId } from "@effect-signalwire/schema/Ids"
import * as MemoryBackend from "@effect-signalwire/testing/MemoryBackend"
import * as TestBackend from "@effect-signalwire/testing/TestBackend"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Stream from "effect/Stream"

const texts = (items: ReadonlyArray<{ readonly text: string | null }>) => items.map(({ text }) => text)

const messagesOf = (events: ReadonlyArray<TimelineEvent>) =>
  events.flatMap((event) => event._tag === "Message" ? [event.message] : [])

/** Creates two subscribers in one room. Every send is stored twice. */
const start = Effect.fnUntraced(function*() {
  const { admin } = yield* TestBackend.TestBackend
  const options: TestBackend.ParticipantOptions = {
    sweep: false,
    cursorInterval: 0,
    subscription: { backoff: { base: "1 millis", cap: "1 millis" } }
  }
  const ada = yield* TestBackend.participant("ada", options)
  const grace = yield* TestBackend.participant("grace", options)
  const addressId = yield* TestBackend.room("office")
  yield* ada.join({ addressId })
  yield* grace.join({ addressId })
  yield* admin.setFaults([{
    match: { on: "http", method: "POST", path: "/api/fabric/messages" },
    action: { type: "duplicate" }
  }])
  /** Stores copies of a message of ada's without pushing them, so that sessions miss them. */
  const storeCopies = (text: string, clientId: string, count = 1) =>
    admin.seed(Array.from({ length: count }, () => ({
      from: ada.account.id,
      addressId,
      text,
      metadata: ClientKey.put({}, ClientId.make(clientId)),
      push: false
    })))
  const reconnect = Effect.asVoid(admin.drop({ subscriberId: grace.account.id }))
  return { admin, ada, grace, addressId, storeCopies, reconnect }
})

describe.each(["address", "group", "all"] as const)(
  "a message that a server of the dialect %s has stored twice",
  (dialect) => {
    const layerTestBackend = MemoryBackend.layerTestBackend({ dialect })

    it.live("P2.3: is emitted once by a timeline, from history, live and after a reconnect", () =>
      Effect.gen(function*() {
        const { ada, addressId, grace, reconnect, storeCopies } = yield* start()
        yield* ada.sendMessage({ addressId, text: "history" })
        const collected = yield* grace.timeline({ addressId }).pipe(
          Stream.takeUntil((event) => event._tag === "Message" && event.message.text === "end"),
          Stream.tap((event) =>
            event._tag === "Message" && event.message.text === "history"
              ? ada.sendMessage({ addressId, text: "live", clientId: ClientId.make("live") })
              : Effect.void
          ),
          Stream.tap((event) =>
            event._tag === "Message" && event.message.text === "live"
              ? Effect.andThen(
                storeCopies("missed", "missed", 2),
                Effect.andThen(storeCopies("live", "live"), reconnect)
              )
              : Effect.void
          ),
          Stream.tap((event) =>
            event._tag === "Message" && event.message.text === "missed"
              ? ada.sendMessage({ addressId, text: "end" })
              : Effect.void
          ),
          Stream.runCollect,
          Effect.forkChild
        )
        const messages = messagesOf(yield* Fiber.join(collected))
        assert.deepStrictEqual(texts(messages), ["history", "live", "missed", "end"])
        const { data } = yield* grace.getConversationMessages({ addressId })
        assert.deepStrictEqual(texts(data), [
          "end",
          "end",
          "live",
          "missed",
          "missed",
          "live",
          "live",
          "history",
          "history"
        ])
      }).pipe(Effect.scoped, Effect.provide(layerTestBackend)))

    it.live("P2.3: is emitted once by a subscription, and by one that continues from its cursor", () =>
      Effect.gen(function*() {
        const { ada, addressId, grace, reconnect, storeCopies } = yield* start()
        const cursor = yield* Cursor.make("bot")
        const send = (text: string) => ada.sendMessage({ addressId, text, clientId: ClientId.make(text) })
        /** Sends `first`, calls `onMessage` for each message, and collects messages until `last`. */
        const collectUntil = (
          first: string,
          last: string,
          onMessage: (text: string | null) => Effect.Effect<unknown, unknown>
        ) =>
          Effect.scoped(Effect.gen(function*() {
            const events = yield* grace.subscription({ cursor })
            yield* send(first)
            return yield* events.pipe(
              Stream.tap(({ text }) => onMessage(text)),
              Stream.takeUntil(({ text }) => text === last),
              Stream.runCollect
            )
          }))
        const before = yield* collectUntil("live", "last", (text) => {
          if (text === "live") return Effect.andThen(storeCopies("missed", "missed", 2), reconnect)
          return text === "missed" ? send("last") : Effect.void
        })
        assert.deepStrictEqual(texts(before), ["live", "missed", "last"])
        yield* storeCopies("live", "live")
        // the last message before is received again, once
        const after = yield* collectUntil("new", "new", () => Effect.void)
        assert.deepStrictEqual(texts(after), ["last", "new"])
      }).pipe(Effect.scoped, Effect.provide([layerTestBackend, KeyValueStore.layerMemory])))
  }
)
