import { ConversationsTest, layer, type SentMessage } from "@effect-signalwire/testing/ConversationsTest"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { pong } from "../src/pong.ts"

/** A room, and somebody to write to directly. */
const places = { conversations: ["office", { name: "grace", kind: "person" }] } as const

const lines = (sent: ReadonlyArray<SentMessage>) => sent.map(({ conversation, text }) => `${conversation}: ${text}`)

it.effect("answers every ping where it was said, and nothing else", () =>
  Effect.gen(function*() {
    const { awaitSent, say } = yield* ConversationsTest
    yield* pong
    yield* say({ conversation: "office", text: "ping" })
    yield* say({ conversation: "office", text: "hello" })
    yield* say({ conversation: "grace", text: "ping" })
    assert.deepStrictEqual(lines(yield* awaitSent(2)), ["office: pong", "grace: pong"])
  }).pipe(Effect.scoped, Effect.provide(layer(places))))

it.effect("answers what was said while the connection was broken", () =>
  Effect.gen(function*() {
    const { awaitSent, drop, say } = yield* ConversationsTest
    yield* pong
    yield* drop
    yield* say({ conversation: "office", text: "ping" })
    // the client waits a moment before it connects again
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual(lines(yield* awaitSent(1)), ["office: pong"])
  }).pipe(Effect.scoped, Effect.provide(layer(places))))

it.effect("answers once although the server's answer to it is lost", () =>
  Effect.gen(function*() {
    const { awaitSent, say, sent, setFaults } = yield* ConversationsTest
    yield* pong
    yield* setFaults([{ match: { on: "http", method: "POST" }, action: { type: "loseAnswer" }, times: 1 }])
    yield* say({ conversation: "office", text: "ping" })
    yield* awaitSent(1)
    // long enough for what would be sent twice
    yield* TestClock.adjust("5 minutes")
    assert.deepStrictEqual(lines(yield* sent), ["office: pong"])
  }).pipe(Effect.scoped, Effect.provide(layer(places))))
