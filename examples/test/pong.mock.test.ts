import * as Fixtures from "@effect-signalwire/testing/Fixtures"
import * as Mocks from "@effect-signalwire/testing/Mocks"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { pong } from "../src/pong.ts"

it.effect("replies to the address of a ping", () =>
  Effect.gen(function*() {
    const sent = yield* Queue.unbounded<string>()
    // using any other member of the service is a defect that names it
    const conversations = Mocks.conversations({
      subscription: () =>
        Effect.succeed(Stream.make(
          Fixtures.conversationEvent({ text: "hello" }),
          Fixtures.conversationEvent({ text: "ping", addressId: Fixtures.address().id })
        )),
      sendMessage: ({ addressId, text }) =>
        Effect.as(Queue.offer(sent, `${addressId}: ${text}`), Fixtures.conversation())
    })
    yield* Effect.provide(pong, conversations)
    assert.strictEqual(yield* Queue.take(sent), `${Fixtures.address().id}: pong`)
  }).pipe(Effect.scoped))
