/**
 * For tests of programs that use `Conversations`: the whole client over the backend in memory, with one subscriber
 * signed in, and what the others say in the hands of the test.
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
 * It works under Effect's `TestClock` and without it.
 *
 * @since 0.1.0
 */
import type * as Admin from "@effect-signalwire/backend/Admin"
import type * as Faults from "@effect-signalwire/backend/Faults"
import type { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { AdminClient } from "./AdminClient.ts"
import * as Cast from "./internal/fixture.ts"
import * as MemoryBackend from "./MemoryBackend.ts"
import { World } from "./World.ts"

/** Somebody to talk with: a room by its name, or a person. */
export type TestConversation = string | { readonly name: string; readonly kind: "room" | "person" }

/** Something that is said in a conversation. */
export interface SeedMessage {
  /** The conversation's name. */
  readonly conversation: string
  /** What is said. */
  readonly text: string
  /** Who says it: a name, or `"me"` for the subscriber under test. @default the person, or somebody in the room */
  readonly from?: string | undefined
  /** Unix seconds. @default now, and after every message so far */
  readonly ts?: number | undefined
  /** @default empty */
  readonly metadata?: JsonObject | undefined
  /** @default empty */
  readonly details?: JsonObject | undefined
  /** `false` leaves it to be found in history, as when the server fails to push it. @default true */
  readonly push?: boolean | undefined
}

/** Something that the subscriber under test has sent, as it is stored. */
export interface SentMessage {
  /** The conversation's name. */
  readonly conversation: string
  /** What it says. */
  readonly text: string | null
  /** As it was given, without the client's own id. */
  readonly metadata: JsonObject
  /** As it was given. */
  readonly details: JsonObject
  /** Unix seconds. */
  readonly epochSeconds: number
}

/** The test's side. Its calls do not fail: a backend that can't be driven is the end of a test. */
export interface Service {
  /** The subscriber under test. */
  readonly me: Admin.SubscriberCreated
  /** The id under which a conversation of the test is known to the API; a defect names those there are. */
  readonly addressId: (conversation: string) => string
  /** Says something, live: those who are subscribed hear it. */
  readonly say: (message: SeedMessage) => Effect.Effect<void>
  /** What the subscriber under test has sent so far, oldest first. */
  readonly sent: Effect.Effect<ReadonlyArray<SentMessage>>
  /** Waits until so many were sent, and answers them all; a defect after ten seconds of real time. */
  readonly awaitSent: (count: number) => Effect.Effect<ReadonlyArray<SentMessage>>
  /** Breaks the subscriber's sockets, as a network that fails does; the client recovers by itself. */
  readonly drop: Effect.Effect<void>
  /** Replaces the fault rules: what goes wrong from now on, and how often. */
  readonly setFaults: (rules: ReadonlyArray<Faults.Rule>) => Effect.Effect<void>
  /** Nothing goes wrong any more. */
  readonly clearFaults: Effect.Effect<void>
  /** Makes the subscriber's first token worthless. */
  readonly expireToken: Effect.Effect<void>
  /** Another token of the subscriber, for what refreshes it. */
  readonly mintToken: Effect.Effect<string>
  /** Everything else that the backend can be told. */
  readonly admin: AdminClient
}

/** What a test says, and what it looks at. */
export class ConversationsTest extends Context.Service<ConversationsTest, Service>()(
  "@effect-signalwire/testing/ConversationsTest"
) {}

/** What is there when a test begins. */
export interface Options {
  /** With whom the subscriber under test talks. Conversations that `messages` name are there without being listed. */
  readonly conversations?: ReadonlyArray<TestConversation> | undefined
  /** What was said before the test begins, oldest first. */
  readonly messages?: ReadonlyArray<SeedMessage> | undefined
  /** What goes wrong. They are set once everything else is there. */
  readonly faults?: ReadonlyArray<Faults.Rule> | undefined
  /** How the client behaves. */
  readonly client?: Omit<Partial<Conversations.Options>, "token" | "host" | "urls"> | undefined
  /** How the backend behaves. */
  readonly backend?: MemoryBackend.Options | undefined
}

/** The test's side of a backend that is there already. */
export const make: (options?: Options) => Effect.Effect<Service, never, World | Scope.Scope> = Cast.make

/** Both sides: `Conversations`, for the program under test, and `ConversationsTest`, for the test. */
export const layer = (
  options: Options = {}
): Layer.Layer<ConversationsTest | Conversations.Services, ConversationError> =>
  Layer.unwrap(Effect.gen(function*() {
    const { me } = yield* ConversationsTest
    const { endpoint, transports } = yield* World
    return Layer.provide(
      Conversations.layer({ ...options.client, token: Redacted.make(me.token), urls: endpoint }),
      transports
    )
  })).pipe(
    Layer.provideMerge(Layer.effect(ConversationsTest, make(options))),
    Layer.provide(MemoryBackend.layerWorld(options.backend))
  )
