/**
 * The options of the methods of `client.conversation`.
 *
 * @since 0.1.0
 */
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import type { RunOptions } from "./RunOptions.ts"
import type { SubscribeOptions } from "./Subscription.ts"

/** The options of a method that returns a page. */
export interface ListOptions extends RunOptions {
  /** The number of items per page, from 1 to 1000. @default chosen by the server */
  readonly pageSize?: number | undefined
}

/** The options of `getMessages`. */
export interface GetMessagesOptions extends ListOptions {
  /** The maximum number of messages over all pages; `pageSize` is that of one page. @default no limit */
  readonly limit?: number | undefined
  /** Only messages at or after this time, in unix seconds. For a `Date`, pass `date.getTime() / 1000`. */
  readonly since?: number | undefined
  /** Only messages at or before this time, in unix seconds. For a `Date`, pass `date.getTime() / 1000`. */
  readonly until?: number | undefined
}

/** The options of `getConversationMessages`. */
export interface GetConversationMessagesOptions extends GetMessagesOptions {
  /** The address to read messages with: the id of a room's address, or of another subscriber's. */
  readonly addressId: string
}

/** The options of `sendMessage`: the message, where to send it, and how. */
export interface SendMessageOptions extends RunOptions {
  /** The address to send to: the id of a room's address, or of another subscriber's. */
  readonly addressId: string
  /** The text of the message, a non-empty string. */
  readonly text: string
  /**
   * Metadata of the message, an object that JSON can represent. Values that JSON would change or leave out, such as a
   * `Date`, a function or `NaN`, are rejected with their path; properties that are `undefined` are left out. The object
   * is copied when the method is called.
   */
  readonly metadata?: JsonObject | undefined
  /** Additional details of the message, for example for a custom UI. The rules of `metadata` apply. */
  readonly details?: JsonObject | undefined
  /**
   * An idempotency key. Whatever a client sends with the same id to the same conversation, concurrently or repeatedly
   * and even with different text, is stored once, and every call returns the same result. After a restart, or from
   * another client, the newest 1,000 messages of the conversation are searched for the id first, so the guarantee holds
   * that far back. Messages carry the id as `client_id`.
   * @default a new id for every call
   */
  readonly clientId?: string | undefined
  /**
   * Whether `clientId` is new, so that no message can have been sent with it yet. History is then not searched before
   * sending.
   * @default false
   */
  readonly isNew?: boolean | undefined
}

/** The options of `findMessage`. */
export interface FindMessageOptions extends RunOptions {
  /** The address that the message was sent to: the id of a room's address, or of another subscriber's. */
  readonly addressId: string
  /** The `clientId` that the message was sent with. */
  readonly clientId: string
}

/** The options of `messages`. */
export interface MessagesOptions extends RunOptions {
  /**
   * How long the iteration may take to start before it throws a `ConversationError` of reason `Timeout`: milliseconds,
   * or a string such as `"5 seconds"`.
   * @default no limit
   */
  readonly timeout?: SubscribeOptions["timeout"]
}

/** The options of `join`. */
export interface JoinOptions extends RunOptions {
  /** The address to join: the id of a room's address, or of another subscriber's. */
  readonly addressId: string
}

/** The options of `timeline`. */
export interface TimelineOptions extends RunOptions {
  /** The address to read messages with: the id of a room's address, or of another subscriber's. */
  readonly addressId: string
  /**
   * Where the timeline starts, in unix seconds of the server's clock. Older messages are left out, including those that
   * arrive live.
   * `0` starts with the first message of the conversation.
   * @default the beginning of the newest page of history
   */
  readonly since?: number | undefined
  /**
   * How long the iteration may take to start before it throws a `ConversationError` of reason `Timeout`: milliseconds,
   * or a string such as `"5 seconds"`.
   * @default no limit
   */
  readonly timeout?: SubscribeOptions["timeout"]
}
