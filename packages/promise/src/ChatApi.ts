/**
 * `client.chat`: the methods of `client.conversation` for chat messages only, without the log entries of calls.
 *
 * @since 0.1.0
 */
import type * as Documented from "@effect-signalwire/schema/Documented"
import type { ConversationApi } from "./ConversationApi.ts"
import type { GetMessagesOptions } from "./ConversationOptions.ts"
import type { Page } from "./Page.ts"
import type { OnMessage, SubscribeOptions, Subscription } from "./Subscription.ts"

/** The options of `getMessages`: which chat messages to read. */
export interface GetChatMessagesOptions extends GetMessagesOptions {
  /** The address to read messages with. @default chat messages of all conversations */
  readonly addressId?: string | undefined
}

/** The options of `subscribe`: which chat messages to receive, and how. */
export interface ChatSubscribeOptions extends SubscribeOptions {
  /** The address to receive messages of. @default chat messages of all conversations */
  readonly addressId?: string | undefined
}

/** The options of `subscribe` with the callback among them, as SignalWire's own clients accept them. */
export interface ChatSubscribeParams extends ChatSubscribeOptions {
  /** Called with every chat message as it arrives. */
  readonly onMessage: OnMessage
}

/** The methods of `client.chat`. */
export interface ChatApi {
  /**
   * Reads the first page of chat messages, newest first. Log entries are filtered out after they were read, so they
   * count towards `limit`, and a page may have fewer than `pageSize` messages. Pages that contain only log entries are
   * skipped. After 50 skipped pages the call returns an empty page, whose `nextPage` continues the search.
   *
   * Rejects for the reasons of {@link ConversationApi.getMessages}, and with `Malformed` after a thousand consecutive
   * pages without a chat message.
   */
  readonly getMessages: (options?: GetChatMessagesOptions) => Promise<Page<Documented.ConversationMessage>>
  /**
   * Calls a callback for every chat message that is stored after the returned Promise resolves. Each message is
   * delivered once, through any number of reconnections. It waits and rejects as {@link ConversationApi.subscribe} does.
   */
  readonly subscribe: {
    (callback: OnMessage, options?: ChatSubscribeOptions): Promise<Subscription>
    (params: ChatSubscribeParams): Promise<Subscription>
  }
  /** Sends a message; the same as {@link ConversationApi.sendMessage}. */
  readonly sendMessage: ConversationApi["sendMessage"]
  /** Joins a conversation; the same as {@link ConversationApi.join}. */
  readonly join: ConversationApi["join"]
}
