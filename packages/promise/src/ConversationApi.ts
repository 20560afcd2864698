/**
 * `client.conversation`: the methods of the published documentation, word for word.
 *
 * @since 0.1.0
 */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import type { SendOptions } from "@effect-signalwire/http/SignalWireHttp"
import * as Branded from "@effect-signalwire/schema/Branded"
import * as Documented from "@effect-signalwire/schema/Documented"
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import * as Effect from "effect/Effect"
import * as Caller from "./internal/caller.ts"
import { given } from "./internal/options.ts"
import { type Page, toPage } from "./internal/page.ts"
import type { Runner, RunOptions } from "./internal/runner.ts"
import {
  type OnMessage,
  type Report,
  subscribe,
  type SubscribeOptions,
  type Subscription
} from "./internal/subscribing.ts"
import { type DocumentedTimelineEvent, fromEvent } from "./Timeline.ts"

/** How to read a list. */
export interface ListOptions extends RunOptions {
  /** How many items a page holds, 1 to 1000. The server decides when absent. */
  readonly pageSize?: number | undefined
}

/** Which messages to read. */
export interface GetMessagesOptions extends ListOptions {
  /** The most messages to retrieve, over all pages. @default no limit */
  readonly limit?: number | undefined
  /** Unix seconds: only messages at or after this time. A `Date` is `date.getTime() / 1000`. */
  readonly since?: number | undefined
  /** Unix seconds: only messages at or before this time. A `Date` is `date.getTime() / 1000`. */
  readonly until?: number | undefined
}

/** Which messages of one conversation to read. */
export interface GetConversationMessagesOptions extends GetMessagesOptions {
  /** The other side of the conversation: the id of a room's address, or of another subscriber's. */
  readonly addressId: string
}

/** A message to send. */
export interface SendMessageOptions extends RunOptions {
  /** The other side of the conversation: the id of a room's address, or of another subscriber's. */
  readonly addressId: string
  /** What the message says; not empty. */
  readonly text: string
  /**
   * Metadata to go along with the message: an object of what JSON can say. What JSON would change or lose, such as a
   * `Date`, a function or `NaN`, is refused with its path; a property that is `undefined` is left out. It is copied when
   * the method is called.
   */
  readonly metadata?: JsonObject | undefined
  /** Extra details of the message, for custom UIs for example: an object like `metadata`. */
  readonly details?: JsonObject | undefined
  /** An id of the caller's own, under which a timeline shows the message again. @default a new one */
  readonly clientId?: string | undefined
}

/** Which conversation to join. */
export interface JoinOptions extends RunOptions {
  /** The other side of the conversation: the id of a room's address, or of another subscriber's. */
  readonly addressId: string
}

/** Which conversation to follow, and from when. */
export interface TimelineOptions extends RunOptions {
  /** The other side of the conversation: the id of a room's address, or of another subscriber's. */
  readonly addressId: string
  /** Unix seconds, by the server's clock: where to begin, also for what is pushed. Without it, with the newest page's worth of history. */
  readonly since?: number | undefined
}

export type { SubscribeOptions, Subscription }

/**
 * The methods of `client.conversation`.
 *
 * What they answer is documented by SignalWire; what it leaves open (the units of times, what a dialect of the wire does
 * not tell) stands with the objects: `DocumentedConversation`, `DocumentedMessage`, `DocumentedEvent`, `DocumentedJoin`.
 */
export interface ConversationApi {
  /**
   * The subscriber's conversations, most recently active first.
   *
   * Rejects with a `ConversationError`: `Invalid` for a parameter that can't be, `Unauthorized` and `Forbidden` for a
   * token that is not good for it, `Transport`, `Timeout`, `RateLimited` and `ServerError` once trying again did not
   * help, `Malformed` for an answer that is none, `ForeignLink` when the list leads to another server, `Closed` after
   * `disconnect`.
   *
   * ```ts
   * import type { SignalWireClient } from "@effect-signalwire/promise"
   *
   * declare const client: SignalWireClient
   * const { data, hasNext, hasPrev } = await client.conversation.getConversations()
   * ```
   */
  readonly getConversations: (options?: ListOptions) => Promise<Page<Documented.DocumentedConversation>>
  /**
   * Messages of the conversation with an address, newest first.
   *
   * Rejects with a `ConversationError`, for the reasons of {@link getConversations}.
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
   * // this page's messages, and those of all pages after it
   * for await (const message of page) console.log(message.ts, message.text)
   * ```
   */
  readonly getConversationMessages: (
    options: GetConversationMessagesOptions
  ) => Promise<Page<Documented.DocumentedMessage>>
  /**
   * Messages of all conversations, newest first.
   *
   * Rejects with a `ConversationError`, for the reasons of {@link getConversations}.
   */
  readonly getMessages: (options?: GetMessagesOptions) => Promise<Page<Documented.DocumentedMessage>>
  /**
   * Calls back for every message from now on, each once, through any number of reconnections. "Now" is at the latest
   * when the Promise resolves. A callback that throws, or rejects, is told to `onError` and ends nothing.
   *
   * Rejects with a `ConversationError`: `Invalid` for a callback or a `policy` that is none, `Unauthorized` when the
   * server refuses the token, and for the reasons of {@link getConversations}, as it notes where history stands.
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
   * Sends a message; it is stored once, or not at all. Answers the conversation.
   *
   * Rejects with a `ConversationError`: `Unconfirmed` when the answer was lost and history can't tell whether the message
   * is stored, `NotFound` or `Invalid` for an address that nobody has, `Overloaded` while too many sends wait, and for
   * the reasons of {@link getConversations}; all but `Unconfirmed` say that it was not stored.
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
   *   if (error.reason._tag === "Unconfirmed") console.log("look for it before sending it again")
   *   else console.log(error.message, error.remediation)
   * }
   * ```
   */
  readonly sendMessage: (options: SendMessageOptions) => Promise<Documented.DocumentedConversation>
  /**
   * Joins a conversation without sending a message; does nothing when already joined.
   *
   * Rejects with a `ConversationError`: `NotFound` or `Invalid` for an address that nobody has, and for the reasons of
   * {@link getConversations}.
   */
  readonly join: (options: JoinOptions) => Promise<Documented.DocumentedJoin>
  /**
   * Every message from now on, as {@link subscribe}, to iterate over: "now" is when the first one is asked for. Ends
   * with `disconnect`; throws what {@link subscribe} rejects with, and the reason of the `signal`.
   */
  readonly messages: (options?: RunOptions) => AsyncIterable<Documented.DocumentedEvent>
  /**
   * History and live messages of one conversation as one sequence, oldest first, without gap or repetition. Ends with
   * `disconnect`; throws a `ConversationError` for the reasons of {@link getConversations}, and the reason of the
   * `signal`.
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
  readonly timeline: (options: TimelineOptions) => AsyncIterable<DocumentedTimelineEvent>
}

type Services = Conversations.Conversations

/** Makes the methods on a client's services. */
export const make = (runner: Runner<Services>, report: Report): ConversationApi => {
  const use = <A, E>(
    f: (conversations: Conversations.Service) => Effect.Effect<A, E>,
    options: RunOptions
  ): Promise<A> => runner.run(Effect.flatMap(Conversations.Conversations, f), options)

  return {
    getConversations: Caller.method("conversation.getConversations", async (_, options: ListOptions = {}) => {
      const own = given(options)
      const page = await use((conversations) => conversations.getConversations(own), own)
      return toPage(runner, "conversation.getConversations", page, Documented.conversation, own)
    }),
    getConversationMessages: Caller.method(
      "conversation.getConversationMessages",
      async (_, options: GetConversationMessagesOptions) => {
        const own = given(options)
        const page = await use((conversations) => conversations.getConversationMessages(own), own)
        return toPage(runner, "conversation.getConversationMessages", page, Documented.message, own)
      }
    ),
    getMessages: Caller.method("conversation.getMessages", async (_, options: GetMessagesOptions = {}) => {
      const own = given(options)
      const page = await use((conversations) => conversations.getMessages(own), own)
      return toPage(runner, "conversation.getMessages", page, Documented.message, own)
    }),
    subscribe: Caller.method(
      "conversation.subscribe",
      async (shown, callback: OnMessage, options: SubscribeOptions = {}) =>
        subscribe(runner, report, shown, () => true, callback, given(options))
    ),
    sendMessage: Caller.method("conversation.sendMessage", async (_, options: SendMessageOptions) => {
      const { clientId, signal, ...message } = given(options)
      const send: SendOptions = typeof clientId === "string"
        ? { ...message, clientId: Branded.clientId(clientId) }
        : message
      return Documented.conversation(await use((conversations) => conversations.sendMessage(send), { signal }))
    }),
    join: Caller.method("conversation.join", async (_, options: JoinOptions) => {
      const own = given(options)
      return Documented.join(await use((conversations) => conversations.join(own), own))
    }),
    messages: Caller.iterable("conversation.messages", (shown, options: RunOptions = {}) => {
      const own = given(options)
      return () =>
        runner.iterate(Conversations.Conversations.useSync(({ subscribe }) => subscribe), Documented.event, shown, own)
    }),
    timeline: Caller.iterable("conversation.timeline", (shown, options: TimelineOptions) => {
      const own = given(options)
      return () =>
        runner.iterate(Conversations.Conversations.useSync(({ timeline }) => timeline(own)), fromEvent, shown, own)
    })
  }
}
