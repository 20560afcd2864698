/**
 * Replies "pong" to every "ping", once with Effect and once with Promises. docs/testing.md shows how to test it.
 */
import { Conversations } from "@effect-signalwire/conversation/Conversations"
import type { SignalWireClient } from "@effect-signalwire/promise"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** Replies to pings from when this completes until its scope closes. */
export const pong = Effect.gen(function*() {
  const { sendMessage, subscription } = yield* Conversations
  const events = yield* subscription()
  const replies = Stream.runForEach(
    events,
    ({ addressId, text }) =>
      addressId !== null && text === "ping" ? sendMessage({ addressId, text: "pong" }) : Effect.void
  )
  yield* Effect.forkScoped(replies)
})

/** The same with Promises. Resolves with a function that stops it. */
export const startPong = async (client: SignalWireClient): Promise<() => Promise<void>> => {
  const { unsubscribe } = await client.conversation.subscribe(async ({ address_id, text }) => {
    if (address_id !== null && text === "ping") {
      await client.conversation.sendMessage({ addressId: address_id, text: "pong" })
    }
  })
  return unsubscribe
}
