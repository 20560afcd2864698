/**
 * A test layer for programs that use `Conversations`: the real client with a backend in memory and a signed-in subscriber. The
 * test sends messages as other participants, and sets faults.
 *
 * ```ts
 * import * as ConversationsTest from "@effect-signalwire/testing/ConversationsTest"
 *
 * export const layer = ConversationsTest.layer({
 *   conversations: ["office"],
 *   messages: [{ conversation: "office", text: "hello" }]
 * })
 * ```
 *
 * It works with and without Effect's `TestClock`.
 *
 * @since 0.1.0
 */
import type { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Fixture from "./internal/fixture.ts"
import type { Options, Service } from "./internal/testContract.ts"
import * as MemoryBackend from "./MemoryBackend.ts"
import { TestBackend } from "./TestBackend.ts"

export type { Options, SeedMessage, SentMessage, Service, TestConversation } from "./internal/testContract.ts"

/** Controls the backend and the other participants of a test. */
export class ConversationsTest extends Context.Service<ConversationsTest, Service>()(
  "@effect-signalwire/testing/ConversationsTest"
) {}

/** Makes the test service for an existing backend. */
export const make: (options?: Options) => Effect.Effect<Service, never, TestBackend | Scope.Scope> = Fixture.make

/** Provides `Conversations`, for the program under test, and `ConversationsTest`, for the test. */
export const layer = (
  options: Options = {}
): Layer.Layer<ConversationsTest | Conversations.Services, ConversationError> =>
  Layer.unwrap(Effect.gen(function*() {
    const { me } = yield* ConversationsTest
    const { endpoint, transports } = yield* TestBackend
    return Layer.provide(
      Conversations.layer({ ...options.client, token: Redacted.make(me.token), urls: endpoint }),
      transports
    )
  })).pipe(
    Layer.provideMerge(Layer.effect(ConversationsTest, make(options))),
    Layer.provide(MemoryBackend.layerTestBackend(options.backend))
  )
