/**
 * The contract and the options of `ConversationsTest`.
 */
import type * as Admin from "@effect-signalwire/backend/Admin"
import type * as Faults from "@effect-signalwire/backend/Faults"
import type * as Conversations from "@effect-signalwire/conversation/Conversations"
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import type * as Effect from "effect/Effect"
import type { AdminClient } from "../AdminClient.ts"
import type * as MemoryBackend from "../MemoryBackend.ts"

/** A conversation of the test: the name of a room, or a room or person. */
export type TestConversation = string | { readonly name: string; readonly kind: "room" | "person" }

/** A message that the test puts into a conversation. */
export interface SeedMessage {
  /** The name of the conversation. */
  readonly conversation: string
  /** The text. */
  readonly text: string
  /**
   * The name of the sender; `"me"` for the subscriber under test. A subscriber with a new name is created.
   * @default the person of the conversation, or in a room a subscriber named "participant"
   */
  readonly from?: string | undefined
  /** The time of the message, in unix seconds. @default now, and later than every message so far */
  readonly ts?: number | undefined
  /** The metadata. @default {} */
  readonly metadata?: JsonObject | undefined
  /** The details. @default {} */
  readonly details?: JsonObject | undefined
  /** Whether the message is pushed to sessions. If `false`, it can only be read from history. @default true */
  readonly push?: boolean | undefined
}

/** A stored message that the subscriber under test has sent. */
export interface SentMessage {
  /** The name of the conversation. */
  readonly conversation: string
  /** The text. */
  readonly text: string | null
  /** The metadata, without the client id that the SDK adds. */
  readonly metadata: JsonObject
  /** The details. */
  readonly details: JsonObject
  /** The time of the message, in unix seconds. */
  readonly epochSeconds: number
}

/** Controls the backend and the other participants. Its effects do not fail; errors of the backend are defects. */
export interface Service {
  /** The subscriber under test, with its first token. */
  readonly me: Admin.SubscriberCreated
  /** Returns the address id of a conversation. Throws if the test has no conversation of this name. */
  readonly addressId: (conversation: string) => string
  /** Stores a message of another participant, and pushes it to the subscriber under test. */
  readonly addMessage: (message: SeedMessage) => Effect.Effect<void>
  /** Returns the messages that the subscriber under test has sent, oldest first. */
  readonly sent: Effect.Effect<ReadonlyArray<SentMessage>>
  /** Waits until the subscriber has sent `count` messages, and returns all of them. Dies after ten seconds of real time. */
  readonly awaitSent: (count: number) => Effect.Effect<ReadonlyArray<SentMessage>>
  /** Closes the sockets of the subscriber without a close frame, as a network failure does. The client reconnects. */
  readonly drop: Effect.Effect<void>
  /** Replaces the fault rules. */
  readonly setFaults: (rules: ReadonlyArray<Faults.Rule>) => Effect.Effect<void>
  /** Removes all fault rules. */
  readonly clearFaults: Effect.Effect<void>
  /** Expires the first token of the subscriber. */
  readonly expireToken: Effect.Effect<void>
  /** Mints and returns another token of the subscriber, for example for `refresh`. */
  readonly mintToken: Effect.Effect<string>
  /** A client of the admin API, for everything else. */
  readonly admin: AdminClient
}

/** The state of the backend when the test starts, and the options of client and backend. */
export interface Options {
  /**
   * The conversations of the subscriber under test. Those that `messages` mention are added automatically.
   * @default []
   */
  readonly conversations?: ReadonlyArray<TestConversation> | undefined
  /** The messages that are stored before the test starts, oldest first. @default [] */
  readonly messages?: ReadonlyArray<SeedMessage> | undefined
  /** The fault rules. They are set after everything else. @default [] */
  readonly faults?: ReadonlyArray<Faults.Rule> | undefined
  /** Options of the client. */
  readonly client?: Omit<Partial<Conversations.Options>, "token" | "host" | "urls"> | undefined
  /** Options of the backend. */
  readonly backend?: MemoryBackend.Options | undefined
}
