/**
 * The program that docs/testing.md tests: it answers every "ping" with "pong", with Effect and with Promises.
 */
import { Conversations } from "@effect-signalwire/conversation/Conversations"
import type { SignalWireClient } from "@effect-signalwire/promise"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** Answers pings from when this completes until its scope closes. */
export const pong = Effect.gen(function*() {
  const { sendMessage, subscription } = yield* Conversations
  const events = yield* subscription()
  const answers = Stream.runForEach(
    events,
    ({ addressId, text }) =>
      addressId !== null && text === "ping" ? sendMessage({ addressId, text: "pong" }) : Effect.void
  )
  yield* Effect.forkScoped(answers)
})

/** The same with Promises; resolves with a function that stops it. */
export const startPong = async (client: SignalWireClient): Promise<() => Promise<void>> => {
  const { unsubscribe } = await client.conversation.subscribe(async ({ address_id, text }) => {
    if (address_id !== null && text === "ping") {
      await client.conversation.sendMessage({ addressId: address_id, text: "pong" })
    }
  })
  return unsubscribe
}
