/** Clients whose scope is closed. */
import type { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import { ClientId } from "@effect-signalwire/schema/Ids"
import * as MemoryBackend from "@effect-signalwire/testing/MemoryBackend"
import * as TestBackend from "@effect-signalwire/testing/TestBackend"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** Creates a client that has joined a room, with a separate scope. */
const start = Effect.fnUntraced(function*() {
  const scope = yield* Scope.make()
  const client = yield* Scope.provide(TestBackend.participant("ada"), scope)
  const addressId = yield* TestBackend.room("office")
  yield* client.join({ addressId })
  return { addressId, client, close: Scope.close(scope, Exit.void) }
})

describe("a client whose scope is closed", () => {
  it.live("P7.2: fails every method with Closed", () =>
    Effect.gen(function*() {
      const { addressId, client, close } = yield* start()
      yield* close
      const calls: Readonly<Record<string, Effect.Effect<unknown, ConversationError>>> = {
        getConversations: client.getConversations(),
        getConversationMessages: client.getConversationMessages({ addressId }),
        getMessages: client.getMessages(),
        sendMessage: client.sendMessage({ addressId, text: "hello" }),
        findMessage: client.findMessage({ addressId, clientId: ClientId.make("mine") }),
        join: client.join({ addressId }),
        ready: client.connection.ready,
        reconnect: client.connection.reconnect,
        conversations: Stream.runDrain(client.conversations()),
        conversationMessages: Stream.runDrain(client.conversationMessages({ addressId })),
        messages: Stream.runDrain(client.messages()),
        subscribe: Stream.runDrain(client.subscribe),
        subscription: Effect.scoped(client.subscription()),
        timeline: Stream.runDrain(client.timeline({ addressId }))
      }
      const tags = yield* Effect.all(
        Object.values(calls).map((call) => Effect.map(Effect.flip(call), ({ reason }) => reason._tag))
      )
      assert.deepStrictEqual(
        Object.keys(calls).map((name, index) => `${name} ${tags[index]}`),
        Object.keys(calls).map((name) => `${name} Closed`)
      )
    }).pipe(Effect.provide(MemoryBackend.layerTestBackend())))

  it.live("P7.2: ends its running streams, and fails its pending calls", () =>
    Effect.gen(function*() {
      const { addressId, client, close } = yield* start()
      const { admin } = yield* TestBackend.TestBackend
      const fork = Effect.forkChild({ startImmediately: true })
      const streams = [
        yield* fork(Stream.runDrain(client.subscribe)),
        yield* fork(Stream.runDrain(client.timeline({ addressId })))
      ]
      yield* client.connection.ready
      yield* admin.setFaults([{ match: { on: "http" }, action: { type: "delay", millis: 60_000 } }])
      const calls = [
        yield* fork(Effect.asVoid(client.getMessages())),
        yield* fork(Effect.asVoid(client.sendMessage({ addressId, text: "hello" })))
      ]
      yield* close
      for (const stream of streams) assert.strictEqual((yield* Fiber.await(stream))._tag, "Success")
      for (const call of calls) {
        assert.strictEqual((yield* Effect.flip(Fiber.join(call))).reason._tag, "Closed")
      }
    }).pipe(Effect.provide(MemoryBackend.layerTestBackend())))
})
