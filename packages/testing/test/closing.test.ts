/** Clients whose scope is closed. */
import type { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import { ClientId } from "@effect-signalwire/schema/Ids"
import * as Signal from "@effect-signalwire/subscription/Signal"
import * as Fixtures from "@effect-signalwire/testing/Fixtures"
import * as MemoryBackend from "@effect-signalwire/testing/MemoryBackend"
import * as Mocks from "@effect-signalwire/testing/Mocks"
import * as TestBackend from "@effect-signalwire/testing/TestBackend"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

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
      for (const text of ["1", "2", "3"]) yield* client.sendMessage({ addressId, text })
      const closed = Latch.makeUnsafe(false)
      /** Reads one item of a list, and processes it until the client is closed. */
      const readSlowly = <A>(items: Stream.Stream<A, ConversationError>) => Stream.runForEach(items, () => closed.await)
      const list = { addressId, pageSize: 1 }
      const streams = [
        yield* fork(Stream.runDrain(client.subscribe)),
        yield* fork(Stream.runDrain(client.timeline({ addressId }))),
        yield* fork(readSlowly(client.conversations(list))),
        yield* fork(readSlowly(client.conversationMessages(list))),
        yield* fork(readSlowly(client.messages(list)))
      ]
      yield* client.connection.ready
      yield* admin.setFaults([{ match: { on: "http" }, action: { type: "delay", millis: 60_000 } }])
      // waits for its first page
      streams.push(yield* fork(Stream.runDrain(client.messages(list))))
      const calls = [
        yield* fork(Effect.asVoid(client.getMessages())),
        yield* fork(Effect.asVoid(client.sendMessage({ addressId, text: "hello" })))
      ]
      yield* close
      yield* closed.open
      for (const stream of streams) assert.strictEqual((yield* Fiber.await(stream))._tag, "Success")
      for (const call of calls) {
        assert.strictEqual((yield* Effect.flip(Fiber.join(call))).reason._tag, "Closed")
      }
    }).pipe(Effect.provide(MemoryBackend.layerTestBackend())))

  it.effect("P7.2: ends its running streams even if its HTTP and subscription services continue", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      let reads = 0
      const context = yield* Conversations.layerServices().pipe(
        Layer.provide([
          Mocks.http({
            getMessages: () => Effect.succeed(Fixtures.page([])),
            getConversationMessages: () => Effect.succeed(Fixtures.page([])),
            messages: () =>
              Stream.fromEffectRepeat(
                Effect.delay(Effect.sync(() => (reads++, Fixtures.conversationMessage())), "1 second")
              )
          }),
          Mocks.subscription({
            ready: Effect.void,
            sessionCount: Effect.succeed(1),
            subscribe: Effect.map(Queue.unbounded<Signal.Signal>(), (signals) => ({
              signals: Queue.takeAll(signals),
              requestDiscontinuity: Effect.asVoid(Queue.offer(signals, Signal.requested)),
              takeBuffered: Effect.succeed([])
            }))
          })
        ]),
        Layer.buildWithScope(scope)
      )
      const client = Context.get(context, Conversations.Conversations)
      const running = yield* Effect.forEach([
        Stream.runDrain(client.messages()),
        Stream.runDrain(client.subscribe),
        Stream.runDrain(client.timeline({ addressId: "a" }))
      ], (run) => Effect.forkChild(run))
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(reads, 3)
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(reads, 3)
      assert.deepStrictEqual(running.map((fiber) => fiber.pollUnsafe()?._tag), ["Success", "Success", "Success"])
    }))
})
