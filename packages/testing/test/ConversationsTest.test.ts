import { Conversations } from "@effect-signalwire/conversation/Conversations"
import { ConversationsTest, layer } from "@effect-signalwire/testing/ConversationsTest"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

const office = { conversation: "office" } as const

describe("ConversationsTest", () => {
  it.effect("provides the conversations and messages of its options", () =>
    Effect.gen(function*() {
      const { addressId } = yield* ConversationsTest
      const conversations = yield* Conversations
      const { data } = yield* conversations.getConversationMessages({ addressId: addressId("office") })
      assert.deepStrictEqual(data.map(({ text }) => text), ["two", "one"])
      assert.lengthOf((yield* conversations.getConversations()).data, 2)
    }).pipe(Effect.provide(layer({
      conversations: ["office", { name: "grace", kind: "person" }],
      messages: [{ ...office, text: "one" }, { ...office, text: "two", from: "grace" }, {
        conversation: "grace",
        text: "psst"
      }]
    }))))

  it.effect("pushes messages of the default sender and of named senders", () =>
    Effect.gen(function*() {
      const { addMessage } = yield* ConversationsTest
      const received = yield* Effect.forkChild(
        Stream.runCollect(Stream.take(yield* (yield* Conversations).subscription(), 3))
      )
      yield* addMessage({ ...office, text: "hello" })
      yield* addMessage({ ...office, text: "hi", from: "grace", metadata: { mood: "good" } })
      yield* addMessage({ conversation: "grace", text: "psst" })
      const events = yield* Fiber.join(received)
      assert.deepStrictEqual(events.map(({ text }) => text), ["hello", "hi", "psst"])
      assert.strictEqual(events[1]?.metadata["mood"], "good")
    }).pipe(Effect.scoped, Effect.provide(layer({ conversations: ["office", { name: "grace", kind: "person" }] }))))

  it.effect("returns the sent messages of all conversations, in order", () =>
    Effect.gen(function*() {
      const { addressId, addMessage, sent } = yield* ConversationsTest
      const { sendMessage } = yield* Conversations
      yield* sendMessage({ addressId: addressId("office"), text: "1", details: { color: "red" } })
      yield* addMessage({ ...office, text: "not mine" })
      yield* sendMessage({ addressId: addressId("grace"), text: "2" })
      yield* sendMessage({ addressId: addressId("office"), text: "3" })
      const all = yield* sent
      assert.deepStrictEqual(all.map(({ conversation, text }) => [conversation, text]), [
        ["office", "1"],
        ["grace", "2"],
        ["office", "3"]
      ])
      assert.strictEqual(all[0]?.details["color"], "red")
    }).pipe(Effect.provide(layer({ conversations: ["office", { name: "grace", kind: "person" }] }))))

  it.effect("drops the connection, and no message that is sent meanwhile is lost", () =>
    Effect.gen(function*() {
      const { drop, addMessage } = yield* ConversationsTest
      const received = yield* Effect.forkChild(
        Stream.runCollect(Stream.take(yield* (yield* Conversations).subscription(), 1))
      )
      yield* drop
      yield* addMessage({ ...office, text: "are you there?" })
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual((yield* Fiber.join(received)).map(({ text }) => text), ["are you there?"])
    }).pipe(Effect.scoped, Effect.provide(layer({ conversations: ["office"] }))))

  it.effect("sets faults initially and later", () =>
    Effect.gen(function*() {
      const { addressId, clearFaults, setFaults } = yield* ConversationsTest
      const { join } = yield* Conversations
      const reason = Effect.map(Effect.flip(join({ addressId: addressId("office") })), ({ reason }) => reason._tag)
      assert.strictEqual(yield* reason, "Forbidden")
      yield* setFaults([{ match: { on: "http", method: "POST" }, action: { type: "answer", status: 404, body: {} } }])
      assert.strictEqual(yield* reason, "NotFound")
      yield* clearFaults
      yield* join({ addressId: addressId("office") })
    }).pipe(Effect.provide(layer({
      conversations: ["office"],
      faults: [{ match: { on: "http", method: "POST" }, action: { type: "answer", status: 403, body: {} } }]
    }))))

  it.effect("expires the token, and mints another one", () =>
    Effect.gen(function*() {
      const { expireToken, mintToken } = yield* ConversationsTest
      const { getConversations } = yield* Conversations
      yield* expireToken
      assert.strictEqual((yield* Effect.flip(getConversations())).reason._tag, "Unauthorized")
      assert.isNotEmpty(yield* mintToken)
    }).pipe(Effect.provide(layer())))

  it.effect("names the existing conversations in the error for an unknown one", () =>
    Effect.gen(function*() {
      const { addMessage } = yield* ConversationsTest
      const exit = yield* Effect.exit(addMessage({ conversation: "offcie", text: "hello" }))
      assert.include(
        Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "",
        "There is no conversation \"offcie\" in this test; there is \"office\""
      )
    }).pipe(Effect.provide(layer({ conversations: ["office"] }))))
})
