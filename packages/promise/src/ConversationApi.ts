/**
 * `client.conversation`: the methods of the published documentation, word for word.
 *
 * @since 0.1.0
 */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as Branded from "@effect-signalwire/schema/Branded"
import * as Documented from "@effect-signalwire/schema/Documented"
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Caller from "./internal/caller.ts"
import { given, invalid } from "./internal/options.ts"
import { type Page, toPage } from "./internal/page.ts"
import type { RunOptions } from "./internal/runner.ts"
import { requireTimeout } from "./internal/settings.ts"
import {
  type Host,
  type OnMessage,
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
  /**
   * An id of the caller's own: an idempotency key, and under it histories and timelines show the message again, as
   * `client_id`. However often something is sent under one id, also after a restart, it is stored once; the newest 1,000
   * messages of the conversation are searched for it first.
   * @default a new one
   */
  readonly clientId?: string | undefined
  /**
   * Whether `clientId` was just made, so that nothing can have been sent under it: then it is not searched for first.
   * @default false
   */
  readonly isNew?: boolean | undefined
}

/** Which message to find. */
export interface FindMessageOptions extends RunOptions {
  /** The other side of the conversation: the id of a room's address, or of another subscriber's. */
  readonly addressId: string
  /** The id that it was sent with. */
  readonly clientId: string
}

/** How to iterate over messages as they happen. */
export interface MessagesOptions extends RunOptions {
  /** How long to wait for the beginning, in milliseconds or as a string such as `"5 seconds"`. @default no limit */
  readonly timeout?: SubscribeOptions["timeout"]
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
  /** How long to wait for the beginning, in milliseconds or as a string such as `"5 seconds"`. @default no limit */
  readonly timeout?: SubscribeOptions["timeout"]
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
   * when the Promise resolves. A callback that throws, or rejects, is reported to `onError` and ends nothing.
   *
   * It begins during an outage too: the Promise is pending until the server can be reached, and `connection` says why.
   * Use `timeout`, or a `signal`, to give up. A token that is refused is waited out in the same way, until
   * `client.updateToken` brings another; `onError` is then called once.
   *
   * Rejects with a `ConversationError` for what does not heal: `Invalid` for a callback or an option that can't be, and
   * where the platform has no WebSocket, `Forbidden`, `Timeout` after `timeout`, `Closed` after `disconnect`.
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
   * What keeps it from being sent and may heal, such as an outage, is waited out until `sendDeadline`. Rejects with a
   * `ConversationError`: `Unconfirmed` when the answer was lost and history can't tell whether the message is stored,
   * `NotFound` or `Invalid` for an address that nobody has, `RateLimited` when the server asks for more time than there is,
   * `Overloaded` while too many sends wait, and for the reasons of {@link getConversations}. `stored` says what is known:
   * `"no"`, or `"unknown"` where the message may have been stored.
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
  readonly sendMessage: (options: SendMessageOptions) => Promise<Documented.DocumentedConversation>
  /**
   * The stored message with a client id, or `undefined`: what became of a send whose outcome is not known. The newest
   * 100,000 messages of the conversation are searched.
   *
   * Rejects with a `ConversationError`, for the reasons of {@link getConversations}.
   */
  readonly findMessage: (options: FindMessageOptions) => Promise<Documented.DocumentedMessage | undefined>
  /**
   * Joins a conversation without sending a message; does nothing when already joined.
   *
   * Rejects with a `ConversationError`: `NotFound` or `Invalid` for an address that nobody has, and for the reasons of
   * {@link getConversations}.
   */
  readonly join: (options: JoinOptions) => Promise<Documented.DocumentedJoin>
  /**
   * Every message from now on, as {@link subscribe}, to iterate over: "now" is when the first one is asked for. Ends
   * with `disconnect`; throws what {@link subscribe} rejects with, and the reason of the `signal`. It waits for the
   * beginning as {@link subscribe} does.
   */
  readonly messages: (options?: MessagesOptions) => AsyncIterable<Documented.DocumentedEvent>
  /**
   * History and live messages of one conversation as one sequence, oldest first, without gap or repetition. Like
   * {@link subscribe} it waits for whatever may heal, also at the beginning. Ends with `disconnect`; throws a
   * `ConversationError` for what does not heal, such as `NotFound` or `Forbidden`, and the reason of the `signal`.
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

/**
 * Checks a message before it is sent, at once and without a client. Throws a `ConversationError` of reason `Invalid` for one
 * that can never be sent, such as one without text: what {@link ConversationApi.sendMessage} would reject with.
 */
export const checkMessage: (options: Omit<SendMessageOptions, "clientId">) => void = /* @__PURE__ */ Caller.immediate(
  "conversation.sendMessage",
  (options: Omit<SendMessageOptions, "clientId">) => {
    const reason = SignalWireHttp.checkMessage(given(options))
    if (reason !== undefined) throw new ConversationError({ method: "sendMessage", reason, stored: "no" })
  }
)

/** Makes the methods on a client's services. */
export const make = (host: Host): ConversationApi => {
  const { runner } = host
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
        subscribe(host, shown, () => true, callback, given(options))
    ),
    sendMessage: Caller.method("conversation.sendMessage", async (_, options: SendMessageOptions) => {
      // what fails from here on may have been sent, unless it says otherwise
      let stored: "no" | "unknown" = "no"
      try {
        const { clientId, signal, ...message } = given(options)
        const send: SignalWireHttp.SendOptions = typeof clientId === "string"
          ? { ...message, clientId: Branded.clientId(clientId) }
          : message
        if (!runner.isClosed()) stored = "unknown"
        return Documented.conversation(await use((conversations) => conversations.sendMessage(send), { signal }))
      } catch (error) {
        throw error instanceof ConversationError && error.stored === undefined
          ? ConversationError.ofSend(error.method, stored)(error)
          : error
      }
    }),
    findMessage: Caller.method("conversation.findMessage", async (_, options: FindMessageOptions) => {
      const own = given(options)
      if (typeof own.clientId !== "string" || own.clientId === "") {
        throw invalid("clientId", "must be a non-empty string")
      }
      const found = await use((conversations) => conversations.findMessage(own), own)
      return found === undefined ? undefined : Documented.message(found)
    }),
    join: Caller.method("conversation.join", async (_, options: JoinOptions) => {
      const own = given(options)
      return Documented.join(await use((conversations) => conversations.join(own), own))
    }),
    messages: Caller.iterable("conversation.messages", (shown, options: MessagesOptions = {}) => {
      const own = given(options)
      const timeout = requireTimeout(own.timeout)
      return () =>
        runner.iterate(
          Conversations.Conversations.useSync(({ subscription }) => Stream.unwrap(subscription({ timeout }))),
          Documented.event,
          shown,
          own
        )
    }),
    timeline: Caller.iterable("conversation.timeline", (shown, options: TimelineOptions) => {
      const own = given(options)
      requireTimeout(own.timeout)
      return () =>
        runner.iterate(Conversations.Conversations.useSync(({ timeline }) => timeline(own)), fromEvent, shown, own)
    })
  }
}
