/** The contract of the `Conversations` service. */
import type * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import type { Conversation } from "@effect-signalwire/schema/Conversation"
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { AddressIdInput, ClientIdInput } from "@effect-signalwire/schema/Ids"
import type { JoinConversationResponse } from "@effect-signalwire/schema/JoinConversationResponse"
import type { Page } from "@effect-signalwire/schema/Page"
import type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { ConversationError } from "../ConversationError.ts"
import type { TimelineEvent } from "../TimelineEvent.ts"
import type { SendOptions, SubscriptionOptions, TimelineOptions } from "./conversationsOptions.ts"

/**
 * The methods of the service. Every failure is a `ConversationError` whose `reason` says why. When the scope of the
 * service closes, calls in progress and all later ones fail with `Closed`, and running streams end.
 */
export interface Service {
  /**
   * Reads the first page of the subscriber's conversations, most recently active first. Like all reads, it is retried
   * after recoverable failures; the option `http` sets how often.
   */
  readonly getConversations: (
    options?: SignalWireHttp.PageOptions
  ) => Effect.Effect<Page<Conversation, ConversationError>, ConversationError>
  /** Reads the first page of the messages of one conversation, newest first. */
  readonly getConversationMessages: (
    options: SignalWireHttp.ConversationMessageOptions
  ) => Effect.Effect<Page<ConversationMessage, ConversationError>, ConversationError>
  /** Reads the first page of the messages of all conversations, newest first. */
  readonly getMessages: (
    options?: SignalWireHttp.MessageOptions
  ) => Effect.Effect<Page<ConversationMessage, ConversationError>, ConversationError>

  /** Streams all conversations, each once. Pages are read as the consumer pulls. */
  readonly conversations: (options?: SignalWireHttp.PageOptions) => Stream.Stream<Conversation, ConversationError>
  /** Streams all messages of one conversation, newest first, each once. Pages are read as the consumer pulls. */
  readonly conversationMessages: (
    options: SignalWireHttp.ConversationMessageOptions
  ) => Stream.Stream<ConversationMessage, ConversationError>
  /** Streams all messages of all conversations, newest first, each once. Pages are read as the consumer pulls. */
  readonly messages: (
    options?: SignalWireHttp.MessageOptions
  ) => Stream.Stream<ConversationMessage, ConversationError>

  /**
   * Sends a message exactly once, and returns its conversation. Messages to one conversation are stored in the order of
   * the calls. The options are copied when the method is called.
   *
   * Recoverable failures are retried until `sendDeadline`. When the response to a request is lost, the message is
   * looked up in history before it is sent again. Every failure has `stored`: `"no"`, or `"unknown"` when the message
   * may have been stored. The reasons are:
   *
   * - `Unconfirmed`: the message may have been stored. History could not be read in time, or has no client ids.
   * - `Timeout`, `Transport`, `RateLimited` or another retryable reason: the message was not stored by the deadline,
   *   the server's `Retry-After` exceeds it, or the ninth attempt still failed with a 5xx status.
   * - `Unauthorized`: the token was refused, and a refresh provided no other. A send does not wait for a new token.
   * - `Invalid`, `NotFound`, `Forbidden`: the message was rejected, by this client or by the server.
   * - `Overloaded`: more than `sendCapacity` sends are waiting. `Closed`: the service is closed.
   *
   * A `clientId` of your own is an idempotency key for the conversation: all sends with the same id store one message
   * and have the same result, even concurrent ones. Unless `isNew` is set, the newest 1,000 messages of the
   * conversation are first searched for one that another client, or an earlier process, has sent.
   *
   * The `lastMessageAt` of the returned conversation is this machine's time of the send, from the second send on:
   * servers do not return when a message was stored.
   */
  readonly sendMessage: (options: SendOptions) => Effect.Effect<Conversation, ConversationError>
  /**
   * Finds the stored message with a client id; returns `None` when there is none. Searches the newest 100,000 messages
   * of the conversation, on at most 2,000 pages.
   */
  readonly findMessage: (
    options: { readonly addressId: AddressIdInput; readonly clientId: ClientIdInput }
  ) => Effect.Effect<Option.Option<ConversationMessage>, ConversationError>
  /** Joins the conversation with an address without sending a message. It has no effect when already joined. */
  readonly join: (
    options: { readonly addressId: AddressIdInput }
  ) => Effect.Effect<JoinConversationResponse, ConversationError>

  /**
   * Streams every new message of every conversation, each once, through any number of reconnects. It starts some time
   * after the stream is first pulled; use {@link subscription} to know when, to set a timeout or to handle gaps.
   */
  readonly subscribe: Stream.Stream<ConversationEvent, ConversationError>
  /**
   * Starts a subscription, and returns its stream. Once the effect completes, no later message is missed. The stream
   * ends with the scope, and can be run only once: running it again is a defect. Start another subscription for each
   * consumer.
   *
   * The start waits for a session or for polling, at most `readyTimeout`, and then until history can be read. Both the
   * start and the stream wait for recovery from recoverable failures. They fail for the others: `Forbidden`,
   * `NotFound`, `Invalid`, `ForeignLink`, `Malformed` for links between pages that make no progress, a failure of the
   * cursor, and the reason of the connection state when that becomes `Failed`. The start also fails with `Timeout`
   * after `timeout`.
   */
  readonly subscription: (
    options?: SubscriptionOptions
  ) => Effect.Effect<Stream.Stream<ConversationEvent, ConversationError>, ConversationError, Scope.Scope>
  /**
   * Streams history and live messages of one conversation as one sequence, oldest first, each once. It starts at
   * `since`, or without it with the newest page of history. `CaughtUp` marks where it reaches the present, at the start
   * and after every interruption; `Gap` marks where messages may be missing that history no longer has. It waits and
   * fails as {@link subscription} does.
   */
  readonly timeline: (options: TimelineOptions) => Stream.Stream<TimelineEvent, ConversationError>

  /** The state of the connection: of the session, and of reading history. */
  readonly connection: {
    /** The current state. */
    readonly current: Effect.Effect<ConnectionState>
    /** The current state, followed by each change. */
    readonly changes: Stream.Stream<ConnectionState>
    /**
     * Waits, without a timeout, until a session is up; opens one if nothing subscribes. Fails with the reason of the
     * state when that becomes `Failed`.
     */
    readonly ready: Effect.Effect<void, ConversationError>
    /**
     * Dials now, within the limit of `subscription.dialsPerMinute`: ends the wait before the next dial, or replaces the
     * session. It does not wait for the new session.
     */
    readonly reconnect: Effect.Effect<void, ConversationError>
  }
}

/** SignalWire's Conversation namespace as one service. */
export class Conversations extends Context.Service<Conversations, Service>()(
  "@effect-signalwire/conversation/Conversations"
) {}
