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
import { fromEvent, type TimelineEvent } from "./Timeline.ts"

/** How to read a list. */
export interface ListOptions extends RunOptions {
  /** How many items a page holds: 1 to 1000. @default as the server decides */
  readonly pageSize?: number | undefined
}

/** Which messages to read. */
export interface GetMessagesOptions extends ListOptions {
  /** The most messages to read, over all pages. @default no limit */
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
  /** The text of the message; not empty. */
  readonly text: string
  /**
   * Metadata of the message: an object that JSON can represent. What JSON would change or leave out, such as a `Date`,
   * a function or `NaN`, is refused with its path; a property that is `undefined` is left out. It is copied when the
   * method is called.
   */
  readonly metadata?: JsonObject | undefined
  /** Extra details of the message, for custom UIs for example: an object like `metadata`. */
  readonly details?: JsonObject | undefined
  /**
   * An id of your own: an idempotency key. What a client sends to one conversation under one id is stored once, and the
   * results are the same, also for calls at the same time, and whatever text they have; after a restart, and with
   * another client later, this holds as far back as the newest 1,000 messages of the conversation, which are searched
   * first. Messages have it as `client_id`.
   * @default a new one
   */
  readonly clientId?: string | undefined
  /**
   * Whether `clientId` was just made, so that nothing can have been sent under it: then history is not searched first.
   * @default false
   */
  readonly isNew?: boolean | undefined
}

/** Which message to find. */
export interface FindMessageOptions extends RunOptions {
  /** The other side of the conversation: the id of a room's address, or of another subscriber's. */
  readonly addressId: string
  /** The `clientId` that it was sent with. */
  readonly clientId: string
}

/** How to iterate over messages as they happen. */
export interface MessagesOptions extends RunOptions {
  /**
   * How long the beginning may take before the iteration throws a `ConversationError` of reason `Timeout`:
   * milliseconds, or a string such as `"5 seconds"`.
   * @default no limit
   */
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
  /**
   * Where to begin: unix seconds, by the server's clock; older messages are left out, also those that are pushed.
   * @default the newest page of history
   */
  readonly since?: number | undefined
  /**
   * How long the beginning may take before the iteration throws a `ConversationError` of reason `Timeout`:
   * milliseconds, or a string such as `"5 seconds"`.
   * @default no limit
   */
  readonly timeout?: SubscribeOptions["timeout"]
}

export type { SubscribeOptions, Subscription }

/**
 * The methods of `client.conversation`.
 *
 * What they return is documented by SignalWire. What that leaves open, such as the units of times and what a dialect of
 * the wire leaves out, is described with the objects: `Conversation`, `ConversationMessage`, `ConversationEvent`,
 * `JoinConversationResponse`.
 *
 * Every failure is a `ConversationError`. A call whose `signal` is aborted rejects with the signal's own reason
 * instead.
 */
export interface ConversationApi {
  /**
   * The subscriber's conversations, most recently active first: the first page.
   *
   * Rejects with a `ConversationError`: `Invalid` for a parameter that can't be; `Unauthorized` for a token that is
   * refused, once `onRefreshToken` has no other; `Forbidden` for one that does not allow it; `NotFound` for a
   * conversation that does not exist, where a method names one; `Transport`, `Timeout`,
   * `RateLimited` and `ServerError` after five tries, or 90 seconds; `Malformed` for a response that is not the
   * service's, or pages that lead nowhere; `ForeignLink` when the list leads to another server; `Closed` after
   * `disconnect`.
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
   * Messages of the conversation with an address, newest first: the first page.
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
  ) => Promise<Page<Documented.ConversationMessage>>
  /**
   * Messages of all conversations, newest first: the first page.
   *
   * Rejects with a `ConversationError`, for the reasons of {@link getConversations}.
   */
  readonly getMessages: (options?: GetMessagesOptions) => Promise<Page<Documented.ConversationMessage>>
  /**
   * Calls back for every message from now on, each once, through any number of reconnections. "Now" is when the Promise
   * resolves, or a little earlier. A callback that returns a Promise is awaited before it is called again; what it
   * throws, or rejects with, is passed to `onError`, and ends nothing.
   *
   * During an outage the Promise is pending until history can be read, and `connection` says why. Where requests get
   * through and sockets don't, it resolves after 5 seconds, and messages arrive late. Use `timeout`, or a `signal`, to
   * give up. A refused token is waited for in the same way, until `client.updateToken` brings another; `onError` is
   * called once for each token that is refused.
   *
   * Rejects with a `ConversationError` for what does not recover: `Invalid` for a callback or an option that can't be,
   * and where the platform has no WebSocket; `Forbidden` and `NotFound`; `Timeout` after `timeout`; the reason of the
   * state when that becomes `Failed`; `Closed` after `disconnect`. Once it runs, such a failure ends it, and is passed
   * to `onError`.
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
   * Sends a message, which is stored once, or not at all, and returns the conversation. Messages to one conversation
   * are stored in the order of the calls. What keeps a message from being sent, and may recover, such as an outage, is
   * waited out until `sendDeadline`.
   *
   * Rejects with a `ConversationError` whose `stored` is `"no"`, or `"unknown"` when the message may have been stored:
   *
   * - `Unconfirmed`: it may have been stored. A request was made, its answer was lost, a server error, or a captive
   *   portal's, and there was no time left to see in history whether it was stored; or the server keeps no client ids.
   * - `Transport`, `Timeout`, `ServerError`, `RateLimited`: it was not stored by the deadline, or a server that limits
   *   requests asks for more time than is left, or one still answers 5xx at the ninth try.
   * - `Unauthorized`: the token was refused, and `onRefreshToken` had no other. It does not wait for `updateToken`.
   * - `Invalid`, `NotFound`, `Forbidden`: it was refused, here or by the server, such as for an address that does not
   *   exist.
   * - `Overloaded` while a thousand sends wait, `Closed` after `disconnect`.
   *
   * A send whose `signal` is aborted rejects with the signal's reason; the message may be stored or not.
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
   * Finds the stored message with a client id, such as one whose send failed with `stored: "unknown"`. Returns
   * `undefined` when it is not among the newest 100,000 messages of the conversation.
   *
   * Rejects with a `ConversationError`, for the reasons of {@link getConversations}.
   */
  readonly findMessage: (options: FindMessageOptions) => Promise<Documented.ConversationMessage | undefined>
  /**
   * Joins a conversation without sending a message; does nothing when already joined.
   *
   * Rejects with a `ConversationError`: `NotFound` or `Invalid` for an address that does not exist, and for the reasons
   * of {@link getConversations}.
   */
  readonly join: (options: JoinOptions) => Promise<Documented.JoinConversationResponse>
  /**
   * Every message from now on, to iterate over; "now" is after the first one was asked for. It waits as
   * {@link subscribe} does. Ends with `disconnect`; throws what {@link subscribe} rejects with, and the reason of the
   * `signal`.
   */
  readonly messages: (options?: MessagesOptions) => AsyncIterable<Documented.ConversationEvent>
  /**
   * History and live messages of one conversation as one sequence, oldest first, each once. `CaughtUp` marks where it
   * reaches the present, at the beginning and after every interruption; `Gap`, where messages may be missing that
   * history no longer has.
   *
   * It waits as {@link subscribe} does, and `connection` says why. Ends with `disconnect`; throws a `ConversationError`
   * for what does not recover, such as `NotFound`, `Forbidden` or, after `timeout`, `Timeout`, and the reason of the
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
  readonly timeline: (options: TimelineOptions) => AsyncIterable<TimelineEvent>
}

/**
 * Checks a message without sending it, and without a client. Throws a `ConversationError` of reason `Invalid`, with
 * `stored: "no"`, for one that can never be sent, such as one without text: what {@link ConversationApi.sendMessage}
 * would reject with.
 */
export const checkMessage: (options: Omit<SendMessageOptions, "clientId">) => void = /* @__PURE__ */ Caller.immediate(
  "conversation.sendMessage",
  (options: Omit<SendMessageOptions, "clientId">) => {
    const reason = SignalWireHttp.checkMessage(given(options))
    if (reason !== undefined) throw new ConversationError({ method: "sendMessage", reason, stored: "no" })
  }
)

const requireClientId = (clientId: unknown): string => {
  if (typeof clientId === "string" && clientId !== "") return clientId
  throw invalid("clientId", "must be a non-empty string")
}

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
        const send: SignalWireHttp.SendOptions = clientId === undefined
          ? message
          : { ...message, clientId: Branded.clientId(requireClientId(clientId)) }
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
      requireClientId(own.clientId)
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
