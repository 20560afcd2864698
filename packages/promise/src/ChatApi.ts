/**
 * `client.chat`: the Conversation namespace with chat messages only, without the log entries of calls.
 *
 * @since 0.1.0
 */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Documented from "@effect-signalwire/schema/Documented"
import * as PageOf from "@effect-signalwire/schema/Page"
import type { Malformed } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import type { ConversationApi, GetMessagesOptions } from "./ConversationApi.ts"
import * as Caller from "./internal/caller.ts"
import { given, invalid } from "./internal/options.ts"
import { type Page, toPage } from "./internal/page.ts"
import {
  type Host,
  type OnMessage,
  subscribe,
  type SubscribeOptions,
  type Subscription
} from "./internal/subscribing.ts"

/** Which chat messages to read. */
export interface GetChatMessagesOptions extends GetMessagesOptions {
  /** The other side of the conversation; without it, chat messages of all conversations. */
  readonly addressId?: string | undefined
}

/** Which chat messages to be called back for, and how. */
export interface ChatSubscribeOptions extends SubscribeOptions {
  /** The other side of the conversation; without it, chat messages of all conversations. */
  readonly addressId?: string | undefined
}

/** The same with the callback among the options, as SignalWire's own clients have it. */
export interface ChatSubscribeParams extends ChatSubscribeOptions {
  /** Called with every chat message, as it happens. */
  readonly onMessage: OnMessage
}

/** The methods of `client.chat`. */
export interface ChatApi {
  /**
   * Chat messages, newest first: the first page. Log entries are left out of what is read, so a page may hold fewer
   * than `pageSize`, and `limit` counts them too. Pages with nothing but log entries are skipped, at most 50 by one
   * call: after those comes an empty page, whose neighbours are beyond them.
   *
   * Rejects as {@link ConversationApi.getMessages} does, also with `Malformed` after a thousand pages in a row without
   * a chat message.
   */
  readonly getMessages: (options?: GetChatMessagesOptions) => Promise<Page<Documented.ConversationMessage>>
  /**
   * Calls back for every chat message from now on, each once, through any number of reconnections. It waits as
   * {@link ConversationApi.subscribe} does.
   *
   * Rejects as {@link ConversationApi.subscribe} does.
   */
  readonly subscribe: {
    (callback: OnMessage, options?: ChatSubscribeOptions): Promise<Subscription>
    (params: ChatSubscribeParams): Promise<Subscription>
  }
  /** The same as {@link ConversationApi.sendMessage}. */
  readonly sendMessage: ConversationApi["sendMessage"]
  /** The same as {@link ConversationApi.join}. */
  readonly join: ConversationApi["join"]
}

const endless = (reason: Malformed) => new ConversationError({ method: "chat.getMessages", reason })

const isChat = ({ subtype }: ConversationMessage): boolean => subtype === "chat"

/** The callback and its options, however they were given. */
const arrange = (first: OnMessage | ChatSubscribeParams, second: ChatSubscribeOptions) => {
  if (typeof first === "function") return { callback: first, options: given(second) }
  const { onMessage, ...options } = given(first)
  return { callback: onMessage, options }
}

const isFilled = (value: unknown): boolean => typeof value === "string" && value !== ""

/** Makes the methods on a client's services. */
export const make = (
  host: Host,
  { join, sendMessage }: ConversationApi
): ChatApi => ({
  getMessages: Caller.method("chat.getMessages", async (_, options: GetChatMessagesOptions = {}) => {
    const own = given(options)
    const { addressId } = own
    const page = await host.runner.run(
      Effect.flatMap(
        Conversations.Conversations,
        (conversations) =>
          Effect.flatMap(
            addressId === undefined
              ? conversations.getMessages(own)
              : conversations.getConversationMessages({ ...own, addressId }),
            (page) => PageOf.filter(page, isChat, endless)
          )
      ),
      own
    )
    return toPage(host.runner, "chat.getMessages", page, Documented.message, own)
  }),
  subscribe: Caller.method(
    "chat.subscribe",
    async (shown, first: OnMessage | ChatSubscribeParams, second: ChatSubscribeOptions = {}) => {
      const { callback, options } = arrange(first, second)
      const { addressId } = options
      if (addressId !== undefined && !isFilled(addressId)) throw invalid("addressId", "must be a non-empty string")
      return subscribe(
        host,
        shown,
        (event) => isChat(event) && (addressId === undefined || event.addressId === addressId),
        callback,
        options
      )
    }
  ),
  sendMessage: Caller.method("chat.sendMessage", (_, options) => sendMessage(options)),
  join: Caller.method("chat.join", (_, options) => join(options))
})
