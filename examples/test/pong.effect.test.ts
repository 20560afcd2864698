import { ConversationsTest, layer, type SentMessage } from "@effect-signalwire/testing/ConversationsTest"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { pong } from "../src/pong.ts"

/** A room, and a subscriber for direct messages. */
const options = { conversations: ["office", { name: "grace", kind: "person" }] } as const

const lines = (sent: ReadonlyArray<SentMessage>) => sent.map(({ conversation, text }) => `${conversation}: ${text}`)

it.effect("replies to every ping in its conversation, and to nothing else", () =>
  Effect.gen(function*() {
    const { awaitSent, addMessage } = yield* ConversationsTest
    yield* pong
    yield* addMessage({ conversation: "office", text: "ping" })
    yield* addMessage({ conversation: "office", text: "hello" })
    yield* addMessage({ conversation: "grace", text: "ping" })
    assert.deepStrictEqual(lines(yield* awaitSent(2)), ["office: pong", "grace: pong"])
  }).pipe(Effect.scoped, Effect.provide(layer(options))))

it.effect("replies to a ping sent while the connection was lost", () =>
  Effect.gen(function*() {
    const { awaitSent, drop, addMessage } = yield* ConversationsTest
    yield* pong
    yield* drop
    yield* addMessage({ conversation: "office", text: "ping" })
    // the client waits before it reconnects
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual(lines(yield* awaitSent(1)), ["office: pong"])
  }).pipe(Effect.scoped, Effect.provide(layer(options))))

it.effect("replies once when the response to its reply is lost", () =>
  Effect.gen(function*() {
    const { awaitSent, addMessage, sent, setFaults } = yield* ConversationsTest
    yield* pong
    yield* setFaults([{ match: { on: "http", method: "POST" }, action: { type: "loseAnswer" }, times: 1 }])
    yield* addMessage({ conversation: "office", text: "ping" })
    yield* awaitSent(1)
    // long enough for a second reply
    yield* TestClock.adjust("5 minutes")
    assert.deepStrictEqual(lines(yield* sent), ["office: pong"])
  }).pipe(Effect.scoped, Effect.provide(layer(options))))
