/**
 * `client.chat`: the Conversation namespace with chat messages only, without the log entries of calls.
 *
 * @since 0.1.0
 */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Documented from "@effect-signalwire/schema/Documented"
import * as PageOf from "@effect-signalwire/schema/Page"
import * as Effect from "effect/Effect"
import type { ConversationApi, GetMessagesOptions } from "./ConversationApi.ts"
import { type Page, toPage } from "./internal/page.ts"
import type { Runner } from "./internal/runner.ts"
import { subscribe, type SubscribeOptions, type Subscription } from "./internal/subscribing.ts"

export interface GetChatMessagesOptions extends GetMessagesOptions {
  /** The other side of the conversation; without it, chat messages of all conversations. */
  readonly addressId?: string | undefined
}

export interface ChatSubscribeOptions extends SubscribeOptions {
  /** The other side of the conversation; without it, chat messages of all conversations. */
  readonly addressId?: string | undefined
}

export interface ChatApi {
  /**
   * Chat messages, newest first. Log entries are left out of what is read, so a page may hold fewer than `pageSize`, and
   * `limit` counts them too.
   */
  readonly getMessages: (options?: GetChatMessagesOptions) => Promise<Page<Documented.DocumentedMessage>>
  /** Calls back for every chat message from now on, each once, through any number of reconnections. */
  readonly subscribe: (
    callback: (message: Documented.DocumentedEvent) => unknown,
    options?: ChatSubscribeOptions
  ) => Promise<Subscription>
  /** The same as `conversation.sendMessage`. */
  readonly sendMessage: ConversationApi["sendMessage"]
  /** The same as `conversation.join`. */
  readonly join: ConversationApi["join"]
}

const isChat = ({ subtype }: ConversationMessage): boolean => subtype === "chat"

export const make = (
  runner: Runner<Conversations.Conversations>,
  { join, sendMessage }: ConversationApi,
  report: (error: unknown) => void
): ChatApi => ({
  getMessages: async (options) => {
    const { addressId } = options ?? {}
    const page = await runner.run(
      "chat.getMessages",
      Effect.flatMap(
        Conversations.Conversations,
        (conversations) =>
          Effect.flatMap(
            addressId === undefined
              ? conversations.getMessages(options)
              : conversations.getConversationMessages({ ...options, addressId }),
            (page) => PageOf.filter(page, isChat)
          )
      ),
      options
    )
    return toPage(runner, "chat.getMessages", page, Documented.message)
  },
  subscribe: (callback, options) => {
    const addressId = options?.addressId
    return subscribe(
      runner,
      report,
      (event) => isChat(event) && (addressId === undefined || event.addressId === addressId),
      callback,
      options
    )
  },
  sendMessage,
  join
})
