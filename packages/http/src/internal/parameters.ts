/**
 * The parameters and results of the methods of the service, as `SignalWireHttp` exports them.
 */
import type { AddressIdInput, ClientIdInput, ConversationId, GroupId } from "@effect-signalwire/schema/Ids"
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import type * as DateTime from "effect/DateTime"

/** Options for reading a list. */
export interface PageOptions {
  /** The number of items per page, from 1 to 1000. @default chosen by the server */
  readonly pageSize?: number | undefined
}

/** Options for reading messages. They apply whether the server supports them or not. */
export interface MessageOptions extends PageOptions {
  /** The maximum number of messages over all pages. @default no limit */
  readonly limit?: number | undefined
  /** Only messages at or after this time, in unix seconds or as a `DateTime`. */
  readonly since?: number | DateTime.DateTime | undefined
  /** Only messages at or before this time, in unix seconds or as a `DateTime`. */
  readonly until?: number | DateTime.DateTime | undefined
}

/** Options for reading the messages of one conversation. */
export interface ConversationMessageOptions extends MessageOptions {
  /** The address on the other side of the conversation. */
  readonly addressId: AddressIdInput
}

/** Options for listing addresses. */
export interface AddressOptions extends PageOptions {
  /** Only addresses of this type, such as `room`, `subscriber`, `app` or `call`. */
  readonly type?: string | undefined
  /** Only addresses with this display name. */
  readonly displayName?: string | undefined
  /** The field to sort by. @default chosen by the server */
  readonly sortBy?: "name" | "created_at" | undefined
  /** The direction to sort in. @default chosen by the server */
  readonly sortOrder?: "asc" | "desc" | undefined
}

/** A message to send. */
export interface SendOptions {
  /** The address on the other side of the conversation. */
  readonly addressId: AddressIdInput
  /** The text of the message, a non-empty string. */
  readonly text: string
  /**
   * Metadata to store with the message, an object of JSON values. What JSON would change or omit, such as a `Date`, a
   * function or `NaN`, is refused, and the error names its path; properties that are `undefined` are left out.
   */
  readonly metadata?: JsonObject | undefined
  /** Further details to store with the message, for example for a custom UI: an object of JSON values like `metadata`. */
  readonly details?: JsonObject | undefined
  /** The sender's own id of the message, which identifies it in history. */
  readonly clientId?: ClientIdInput | undefined
  /** Whether the client id is stored in the message's `metadata` only, or in its `details` as well. @default "metadata" */
  readonly clientIdIn?: "metadata" | "both" | undefined
}

/** The server's response to a message that was stored. It contains neither the id of the message nor its time. */
export interface SendReceipt {
  /** The conversation that the message was sent to. */
  readonly conversationId: ConversationId
  /** The group of the conversation in the group dialect; `null` in the address dialect. */
  readonly groupId: GroupId | null
}
