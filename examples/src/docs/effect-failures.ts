// file: effect-failures.ts
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const program = Effect.gen(function*() {
  const { getConversationMessages } = yield* Conversations.Conversations
  const page = yield* getConversationMessages({ addressId: "unknown", pageSize: 10 })
  yield* Console.log(`${page.data.length} messages`)
}).pipe(
  // handles one reason; the others stay in the error type
  Effect.catchReason(
    "ConversationError",
    "Invalid",
    ({ errors: [first] }) => Console.log(`wrong: ${first?.attribute} ${first?.message}`)
  ),
  Effect.catchTag("ConversationError", (error) =>
    error.isRetryable
      ? Console.log(`try again later: ${error.message}`)
      : Console.log(`${error.message}. ${error.reason.remediation}`))
)

await Effect.runPromise(
  Effect.provide(program, Layer.provide(Conversations.layerConfig(), Conversations.layerTransports))
)
