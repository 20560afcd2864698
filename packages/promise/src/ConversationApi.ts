/**
 * `client.conversation`: the methods of the published documentation, word for word.
 *
 * @since 0.1.0
 */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import type { SendOptions } from "@effect-signalwire/http/SignalWireHttp"
import * as Documented from "@effect-signalwire/schema/Documented"
import { ClientId } from "@effect-signalwire/schema/Ids"
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type Page, toPage } from "./internal/page.ts"
import type { Runner, RunOptions } from "./internal/runner.ts"
import { subscribe, type SubscribeOptions, type Subscription } from "./internal/subscribing.ts"
import { type DocumentedTimelineEvent, fromEvent } from "./Timeline.ts"

export interface ListOptions extends RunOptions {
  /** How many items a page holds, 1 to 1000. The server decides when absent. */
  readonly pageSize?: number | undefined
}

export interface GetMessagesOptions extends ListOptions {
  /** The most messages to retrieve, over all pages. */
  readonly limit?: number | undefined
  /** Unix seconds: only messages at or after this time. */
  readonly since?: number | undefined
  /** Unix seconds: only messages at or before this time. */
  readonly until?: number | undefined
}

export interface GetConversationMessagesOptions extends GetMessagesOptions {
  /** The other side of the conversation. */
  readonly addressId: string
}

export interface SendMessageOptions extends RunOptions {
  readonly addressId: string
  readonly text: string
  readonly metadata?: JsonObject | undefined
  readonly details?: JsonObject | undefined
  /** An id of the caller's own, under which a timeline shows the message again. @default a new one */
  readonly clientId?: string | undefined
}

export interface JoinOptions extends RunOptions {
  readonly addressId: string
}

export interface TimelineOptions extends RunOptions {
  readonly addressId: string
  /** Unix seconds, by the server's clock: where to begin, also for what is pushed. Without it, with the newest page's worth of history. */
  readonly since?: number | undefined
}

export type { SubscribeOptions, Subscription }

export interface ConversationApi {
  /** The subscriber's conversations, most recently active first. */
  readonly getConversations: (options?: ListOptions) => Promise<Page<Documented.DocumentedConversation>>
  /** Messages of the conversation with an address, newest first. */
  readonly getConversationMessages: (
    options: GetConversationMessagesOptions
  ) => Promise<Page<Documented.DocumentedMessage>>
  /** Messages of all conversations, newest first. */
  readonly getMessages: (options?: GetMessagesOptions) => Promise<Page<Documented.DocumentedMessage>>
  /** Calls back for every message from now on, each once, through any number of reconnections. */
  readonly subscribe: (
    callback: (message: Documented.DocumentedEvent) => unknown,
    options?: SubscribeOptions
  ) => Promise<Subscription>
  /** Sends a message; it is stored once, or not at all. Answers the conversation. */
  readonly sendMessage: (options: SendMessageOptions) => Promise<Documented.DocumentedConversation>
  /** Joins a conversation without sending a message; does nothing when already joined. */
  readonly join: (options: JoinOptions) => Promise<Documented.DocumentedJoin>
  /** Every message from now on, as {@link subscribe}, to iterate over. */
  readonly messages: (options?: RunOptions) => AsyncIterable<Documented.DocumentedEvent>
  /** History and live messages of one conversation as one sequence, oldest first, without gap or repetition. */
  readonly timeline: (options: TimelineOptions) => AsyncIterable<DocumentedTimelineEvent>
}

type Services = Conversations.Conversations

export const make = (runner: Runner<Services>, report: (error: unknown) => void): ConversationApi => {
  const use = <A, E>(
    method: string,
    f: (conversations: Conversations.Service) => Effect.Effect<A, E>,
    options?: RunOptions
  ): Promise<A> => runner.run(method, Effect.flatMap(Conversations.Conversations, f), options)

  /** Callers may be untyped JavaScript: what is no object has no options. */
  const given = <O extends object>(options: O): O => ({ ...options })

  return {
    getConversations: async (options) =>
      toPage(
        runner,
        "getConversations",
        await use("getConversations", (conversations) => conversations.getConversations(options), options),
        Documented.conversation
      ),
    getConversationMessages: async (options) =>
      toPage(
        runner,
        "getConversationMessages",
        await use(
          "getConversationMessages",
          (conversations) => conversations.getConversationMessages(given(options)),
          options
        ),
        Documented.message
      ),
    getMessages: async (options) =>
      toPage(
        runner,
        "getMessages",
        await use("getMessages", (conversations) => conversations.getMessages(options), options),
        Documented.message
      ),
    subscribe: (callback, options) => subscribe(runner, report, () => true, callback, options),
    sendMessage: async (options) => {
      const { clientId, signal: _, ...message } = given(options)
      const send: SendOptions = typeof clientId === "string"
        ? { ...message, clientId: ClientId.make(clientId) }
        : message
      return Documented.conversation(
        await use("sendMessage", (conversations) => conversations.sendMessage(send), options)
      )
    },
    join: async (options) =>
      Documented.join(await use("join", (conversations) => conversations.join(given(options)), options)),
    messages: (options) =>
      runner.iterate(
        "messages",
        Stream.map(Stream.unwrap(Conversations.Conversations.useSync(({ subscribe }) => subscribe)), Documented.event),
        options
      ),
    timeline: (options) =>
      runner.iterate(
        "timeline",
        Stream.map(
          Stream.unwrap(Conversations.Conversations.useSync(({ timeline }) => timeline(given(options)))),
          fromEvent
        ),
        options
      )
  }
}
