import * as ConversationTrace from "@effect-signalwire/conversation/ConversationTrace"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { message } from "./support.ts"

const received = message("m1", 1)

const forms = {
  "data-first": ConversationTrace.withMessage(Effect.currentSpan, received),
  "data-last": Effect.currentSpan.pipe(ConversationTrace.withMessage(received))
}

it.effect.each(["data-first", "data-last"] as const)(
  "withMessage runs an effect in the message's span: %s",
  (form) =>
    Effect.gen(function*() {
      const span = yield* forms[form]
      assert.strictEqual(span.name, "Conversations.message")
      assert.strictEqual(span.attributes.get("messaging.message.id"), "m1")
    })
)
