/**
 * `client.conversation`: the methods that SignalWire documents for conversations, and three more.
 *
 * @since 0.1.0
 */
import type * as Documented from "@effect-signalwire/schema/Documented"
import type {
  FindMessageOptions,
  GetConversationMessagesOptions,
  GetMessagesOptions,
  JoinOptions,
  ListOptions,
  MessagesOptions,
  SendMessageOptions,
  TimelineOptions
} from "./ConversationOptions.ts"
import type { Page } from "./Page.ts"
import type { OnMessage, SubscribeOptions, Subscription } from "./Subscription.ts"
import type { TimelineEvent } from "./TimelineEvent.ts"

/**
 * The methods of `client.conversation`.
 *
 * They return the objects that SignalWire documents. What its documentation leaves open, such as the units of times and
 * the fields that a wire dialect does not send, is described at `Conversation`, `ConversationMessage`,
 * `ConversationEvent` and `JoinConversationResponse`.
 *
 * Every failure is a `ConversationError`. The exception is a call whose `signal` is aborted: it rejects with the
 * signal's own reason.
 */
export interface ConversationApi {
  /**
   * Reads the first page of the subscriber's conversations, most recently active first.
   *
   * Rejects with a `ConversationError` of one of these reasons:
   *
   * - `Invalid`: an option is invalid.
   * - `Unauthorized`: the token was refused, and `onRefreshToken` returned no valid one.
   * - `Forbidden`: the token does not allow this call.
   * - `NotFound`: the conversation does not exist (for methods that name one).
   * - `Transport`, `Timeout`, `RateLimited`, `ServerError`: still failing after five attempts or 90 seconds.
   * - `Malformed`: the response could not be decoded, or its pages form a loop.
   * - `ForeignLink`: a link of the response leads to another server.
   * - `Closed`: the client is disconnected.
   *
   * ```ts
   * import type { SignalWireClient } from "@effect-signalwire/promise"
   *
   * declare const client: SignalWireClient
   * const { data, hasNext, hasPrev } = await client.conversation.getConversations()
   * ```
   */
  readonly getConversations: (options?: ListOptions) => Promise<Page<Documented.Conversation>>
  /**
   * Reads the first page of the messages with one address, newest first.
   *
   * Rejects with a `ConversationError` for the reasons of {@link getConversations}.
   *
   * ```ts
   * import type { SignalWireClient } from "@effect-signalwire/promise"
   *
   * declare const client: SignalWireClient
   * const page = await client.conversation.getConversationMessages({
   *   addressId: "9dbe9e94-c797-461e-b5a3-af6d095deaf4",
   *   limit: 100,
   *   since: Date.now() / 1000 - 3600
   * })
   * // the messages of this page and of all following ones
   * for await (const message of page) console.log(message.ts, message.text)
   * ```
   */
  readonly getConversationMessages: (
    options: GetConversationMessagesOptions
  ) => Promise<Page<Documented.ConversationMessage>>
  /**
   * Reads the first page of the messages of all conversations, newest first.
   *
   * Rejects with a `ConversationError` for the reasons of {@link getConversations}.
   */
  readonly getMessages: (options?: GetMessagesOptions) => Promise<Page<Documented.ConversationMessage>>
  /**
   * Calls a callback for every message that is stored after the returned Promise resolves. Each message is delivered
   * once, through any number of reconnections; a few messages from just before may be included. A callback that returns
   * a Promise is awaited before it is called again. Whatever it throws or rejects with is passed to `onError`, and does
   * not end the subscription.
   *
   * During an outage the Promise stays pending until history can be read; `client.connection` says why. If requests
   * succeed but sockets don't, it resolves after 5 seconds, and messages arrive late. If the token is refused, it waits
   * for `client.updateToken`, and calls `onError` once for each refused token. Use `timeout` or `signal` to give up.
   *
   * Rejects with a `ConversationError` for failures that can't recover by themselves:
   *
   * - `Invalid`: the callback or an option is invalid, or the platform has no WebSocket.
   * - `Forbidden`, `NotFound`: the server does not allow the subscription.
   * - `Timeout`: `timeout` has passed.
   * - `Closed`: the client is disconnected.
   * - the reason of the connection state, when that becomes `Failed`.
   *
   * When such a failure occurs later, it ends the subscription and is passed to `onError`.
   *
   * ```ts
   * import type { SignalWireClient } from "@effect-signalwire/promise"
   *
   * declare const client: SignalWireClient
   * const subscription = await client.conversation.subscribe((message) => {
   *   console.log("New message received!", message)
   * }, { onError: console.error })
   * await subscription.unsubscribe()
   * ```
   */
  readonly subscribe: (callback: OnMessage, options?: SubscribeOptions) => Promise<Subscription>
  /**
   * Sends a message and returns its conversation. The message is stored exactly once, or the call rejects. Messages to
   * the same conversation are stored in the order of the calls. Failures that may be temporary, such as an outage, are
   * retried until `sendDeadline` (2 minutes by default).
   *
   * Rejects with a `ConversationError` whose `stored` is `"no"`, or `"unknown"` when the message may have been stored:
   *
   * - `Unconfirmed`: the message may have been stored. The response was lost, was a server error, or came from a
   *   captive portal, and there was no time left to look for the message in history; or the server does not keep client
   *   ids.
   * - `Transport`, `Timeout`, `ServerError`, `RateLimited`: the message was not stored. The deadline passed, the server
   *   asked to wait for longer than the time left, or it returned 5xx nine times.
   * - `Unauthorized`: the token was refused, and `onRefreshToken` returned no valid one. The call does not wait for
   *   `updateToken`.
   * - `Invalid`, `NotFound`, `Forbidden`: the client or the server rejected the message, for example because the
   *   address does not exist.
   * - `Overloaded`: a thousand messages are already waiting to be sent.
   * - `Closed`: the client is disconnected.
   *
   * If `signal` is aborted, the call rejects with the signal's reason, and the message may or may not be stored.
   *
   * ```ts
   * import { ConversationError, type SignalWireClient } from "@effect-signalwire/promise"
   *
   * declare const client: SignalWireClient
   * declare const addressId: string
   * try {
   *   await client.conversation.sendMessage({ addressId, text: "Hello!", metadata: { tone: "casual" } })
   * } catch (error) {
   *   if (!(error instanceof ConversationError)) throw error
   *   if (error.stored === "unknown") console.log("send it again with the same clientId, which finds it")
   *   else console.log(error.message, error.remediation)
   * }
   * ```
   */
  readonly sendMessage: (options: SendMessageOptions) => Promise<Documented.Conversation>
  /**
   * Finds the stored message with a client id, for example after a send failed with `stored: "unknown"`. Searches the
   * newest 100,000 messages of the conversation, and resolves with `undefined` when none of them has the id.
   *
   * Rejects with a `ConversationError` for the reasons of {@link getConversations}.
   */
  readonly findMessage: (options: FindMessageOptions) => Promise<Documented.ConversationMessage | undefined>
  /**
   * Joins a conversation without sending a message. Does nothing if the subscriber has already joined it.
   *
   * Rejects with a `ConversationError`: `NotFound` or `Invalid` when the address does not exist, and otherwise for the
   * reasons of {@link getConversations}.
   */
  readonly join: (options: JoinOptions) => Promise<Documented.JoinConversationResponse>
  /**
   * Returns an async iterable over the messages of all conversations, beginning when the first one is requested. It
   * waits for the connection in the way that {@link subscribe} does, and ends when the client is disconnected.
   *
   * Throws the errors that {@link subscribe} rejects with, and the reason of an aborted `signal`.
   */
  readonly messages: (options?: MessagesOptions) => AsyncIterable<Documented.ConversationEvent>
  /**
   * Returns an async iterable over one conversation's history, followed by its live messages: oldest first, each
   * message once. It starts at `since`, or without it with the newest page of history. A `CaughtUp` event marks where the iteration has reached the present, at the start and after every
   * interruption. A `Gap` event marks where messages may be missing because history no longer has them.
   *
   * It waits for the connection in the way that {@link subscribe} does, and ends when the client is disconnected.
   * Throws a `ConversationError` for failures that can't recover by themselves, such as `NotFound`, `Forbidden` or
   * `Timeout`, and the reason of an aborted `signal`.
   *
   * ```ts
   * import type { SignalWireClient } from "@effect-signalwire/promise"
   *
   * declare const client: SignalWireClient
   * declare const addressId: string
   * for await (const event of client.conversation.timeline({ addressId })) {
   *   if (event._tag === "Message") console.log(event.message.text, event.late)
   *   if (event._tag === "CaughtUp") console.log("up to date")
   *   if (event._tag === "Gap") console.log("messages may be missing", event.from, event.to, event.reason)
   * }
   * ```
   */
  readonly timeline: (options: TimelineOptions) => AsyncIterable<TimelineEvent>
}
