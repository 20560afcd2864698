/** Sends that the server stored twice, as when a browser repeats a request by itself. */
import * as Cursor from "@effect-signalwire/conversation/Cursor"
import type { TimelineEvent } from "@effect-signalwire/conversation/TimelineEvent"
import * as ClientKey from "@effect-signalwire/schema/ClientKey"
import { ClientId } from "@effect-signalwire/schema/Ids"
import * as MemoryBackend from "@effect-signalwire/testing/MemoryBackend"
import * as World from "@effect-signalwire/testing/World"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Stream from "effect/Stream"

const texts = (items: ReadonlyArray<{ readonly text: string | null }>) => items.map(({ text }) => text)

const messagesOf = (events: ReadonlyArray<TimelineEvent>) =>
  events.flatMap((event) => event._tag === "Message" ? [event.message] : [])

/** Two subscribers in one room, of whom one sends through a connection that repeats every send. */
const meet = Effect.fnUntraced(function*() {
  const { admin } = yield* World.World
  const options: World.ParticipantOptions = {
    sweep: false,
    cursorInterval: 0,
    subscription: { backoff: { base: "1 millis", cap: "1 millis" } }
  }
  const ada = yield* World.participant("ada", options)
  const grace = yield* World.participant("grace", options)
  const addressId = yield* World.room("office")
  yield* ada.join({ addressId })
  yield* grace.join({ addressId })
  yield* admin.setFaults([{
    match: { on: "http", method: "POST", path: "/api/fabric/messages" },
    action: { type: "duplicate" }
  }])
  /** Stores copies of a send of ada's without telling anybody, as it becomes visible to sessions that missed it. */
  const storeUnheard = (text: string, clientId: string, count = 1) =>
    admin.seed(Array.from({ length: count }, () => ({
      from: ada.account.id,
      addressId,
      text,
      metadata: ClientKey.put({}, ClientId.make(clientId)),
      push: false
    })))
  const reconnect = Effect.asVoid(admin.drop({ subscriberId: grace.account.id }))
  return { admin, ada, grace, addressId, storeUnheard, reconnect }
})

describe.each(["address", "group", "all"] as const)("what a server that writes %s stored twice", (dialect) => {
  const world = MemoryBackend.layerWorld({ dialect })

  it.live("P2.3: is yielded once by a timeline: from history, as it happens and when it is read again", () =>
    Effect.gen(function*() {
      const { ada, addressId, grace, reconnect, storeUnheard } = yield* meet()
      yield* ada.sendMessage({ addressId, text: "history" })
      const watching = yield* grace.timeline({ addressId }).pipe(
        Stream.takeUntil((event) => event._tag === "Message" && event.message.text === "end"),
        Stream.tap((event) =>
          event._tag === "Message" && event.message.text === "history"
            ? ada.sendMessage({ addressId, text: "live", clientId: ClientId.make("live") })
            : Effect.void
        ),
        Stream.tap((event) =>
          event._tag === "Message" && event.message.text === "live"
            ? Effect.andThen(
              storeUnheard("missed", "missed", 2),
              Effect.andThen(storeUnheard("live", "live"), reconnect)
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
      const messages = messagesOf(yield* Fiber.join(watching))
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
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.live("P2.3: is yielded once by a subscription, and by the one that goes on after it", () =>
    Effect.gen(function*() {
      const { ada, addressId, grace, reconnect, storeUnheard } = yield* meet()
      const cursor = yield* Cursor.make("bot")
      const send = (text: string) => ada.sendMessage({ addressId, text, clientId: ClientId.make(text) })
      /** What comes when something is sent, and something is done at each message, up to one of this text. */
      const until = (first: string, last: string, at: (text: string | null) => Effect.Effect<unknown, unknown>) =>
        Effect.scoped(Effect.gen(function*() {
          const events = yield* grace.subscription({ cursor })
          yield* send(first)
          return yield* events.pipe(
            Stream.tap(({ text }) => at(text)),
            Stream.takeUntil(({ text }) => text === last),
            Stream.runCollect
          )
        }))
      const before = yield* until("live", "last", (text) => {
        if (text === "live") return Effect.andThen(storeUnheard("missed", "missed", 2), reconnect)
        return text === "missed" ? send("last") : Effect.void
      })
      assert.deepStrictEqual(texts(before), ["live", "missed", "last"])
      yield* storeUnheard("live", "live")
      // what was handed out last comes again, once
      const after = yield* until("new", "new", () => Effect.void)
      assert.deepStrictEqual(texts(after), ["last", "new"])
    }).pipe(Effect.scoped, Effect.provide([world, KeyValueStore.layerMemory])))
})
