/**
 * What the guide for tests tests: it answers every "ping" with "pong". Once with Effect, once with Promises.
 */
import { Conversations } from "@effect-signalwire/conversation/Conversations"
import type { SignalWireClient } from "@effect-signalwire/promise"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** Answers from when this completes until its scope closes. */
export const pong = Effect.gen(function*() {
  const { sendMessage, subscription } = yield* Conversations
  const heard = yield* subscription()
  const answers = Stream.runForEach(
    heard,
    ({ addressId, text }) =>
      addressId !== null && text === "ping" ? sendMessage({ addressId, text: "pong" }) : Effect.void
  )
  yield* Effect.forkScoped(answers)
})

/** The same in Promises; answers how to stop it. */
export const startPong = async (client: SignalWireClient): Promise<() => Promise<void>> => {
  const { unsubscribe } = await client.conversation.subscribe(async ({ address_id, text }) => {
    if (address_id !== null && text === "ping") {
      await client.conversation.sendMessage({ addressId: address_id, text: "pong" })
    }
  })
  return unsubscribe
}
