/**
 * The HTTP side of the Conversation namespace: subscriber, addresses, conversations, messages, sending and joining, in
 * whichever dialect the server speaks. Every failure is a {@link SignalWireHttpError} whose `reason` says what happened.
 *
 * @since 0.1.0
 */
import type { Address } from "@effect-signalwire/schema/Address"
import type { Conversation } from "@effect-signalwire/schema/Conversation"
import type { AddressOf, ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { Dialect } from "@effect-signalwire/schema/Dialect"
import type { Endpoint } from "@effect-signalwire/schema/Endpoint"
import type { ClientId, ConversationId, GroupId } from "@effect-signalwire/schema/Ids"
import type { JoinConversationResponse } from "@effect-signalwire/schema/JoinConversationResponse"
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import type { Page } from "@effect-signalwire/schema/Page"
import type { Subscriber } from "@effect-signalwire/schema/Subscriber"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type * as Stream from "effect/Stream"
import type { SignalWireHttpError } from "./SignalWireHttpError.ts"

/** How many items a page holds: 1 to 1000. The server decides when absent. */
export interface PageOptions {
  readonly pageSize?: number | undefined
}

/** Which messages to read. */
export interface MessageOptions extends PageOptions {
  /** The most messages to read in all, over however many pages. */
  readonly limit?: number | undefined
  /** Only messages at or after this time: unix seconds, or a `DateTime`. */
  readonly since?: number | DateTime.DateTime | undefined
  /** Only messages at or before this time: unix seconds, or a `DateTime`. */
  readonly until?: number | DateTime.DateTime | undefined
}

export interface ConversationMessageOptions extends MessageOptions {
  /** The other side of the conversation. */
  readonly addressId: string
}

/** Which addresses to list. */
export interface AddressOptions extends PageOptions {
  readonly type?: string | undefined
  readonly displayName?: string | undefined
  readonly sortBy?: "name" | "created_at" | undefined
  readonly sortOrder?: "asc" | "desc" | undefined
}

export interface SendOptions {
  readonly addressId: string
  readonly text: string
  readonly metadata?: JsonObject | undefined
  readonly details?: JsonObject | undefined
  /** The sender's own id of the message, by which it is recognised in history. */
  readonly clientId?: ClientId | undefined
}

/** What the server tells of a stored message: neither its id nor its time. */
export interface SendReceipt {
  readonly conversationId: ConversationId
  readonly groupId: GroupId | null
}

export interface Service {
  /** Who the token belongs to. */
  readonly getSubscriber: Effect.Effect<Subscriber, SignalWireHttpError>

  readonly getAddress: (options: { readonly id: string }) => Effect.Effect<Address, SignalWireHttpError>
  /** Fails with `NotFound` when no address has this name. */
  readonly getAddressByName: (options: { readonly name: string }) => Effect.Effect<Address, SignalWireHttpError>
  readonly getAddresses: (
    options?: AddressOptions
  ) => Effect.Effect<Page<Address, SignalWireHttpError>, SignalWireHttpError>
  /** All addresses, page after page as the consumer asks. */
  readonly addresses: (options?: AddressOptions) => Stream.Stream<Address, SignalWireHttpError>

  readonly getConversations: (
    options?: PageOptions
  ) => Effect.Effect<Page<Conversation, SignalWireHttpError>, SignalWireHttpError>
  /** All conversations, each once, even when one moves to the top while they are read. */
  readonly conversations: (options?: PageOptions) => Stream.Stream<Conversation, SignalWireHttpError>

  /** Messages of one conversation, newest first. */
  readonly getConversationMessages: (
    options: ConversationMessageOptions
  ) => Effect.Effect<Page<ConversationMessage, SignalWireHttpError>, SignalWireHttpError>
  /** Messages of one conversation, newest first, each once even when pages shift underneath. */
  readonly conversationMessages: (
    options: ConversationMessageOptions
  ) => Stream.Stream<ConversationMessage, SignalWireHttpError>

  /** Messages of all conversations, newest first. */
  readonly getMessages: (
    options?: MessageOptions
  ) => Effect.Effect<Page<ConversationMessage, SignalWireHttpError>, SignalWireHttpError>
  /** Messages of all conversations, newest first, each once even when pages shift underneath. */
  readonly messages: (options?: MessageOptions) => Stream.Stream<ConversationMessage, SignalWireHttpError>

  /**
   * Sends a message with one request, never repeated: whether a failure left the message stored is the caller's to
   * find out. `Invalid`, `Unauthorized`, `Forbidden`, `NotFound` and `RateLimited` say that it was not.
   */
  readonly sendMessage: (options: SendOptions) => Effect.Effect<SendReceipt, SignalWireHttpError>
  /** Joins the conversation with an address; does nothing when already joined. */
  readonly join: (
    options: { readonly addressId: string }
  ) => Effect.Effect<JoinConversationResponse, SignalWireHttpError>

  /** The address of a group, as far as this client has learned it. */
  readonly addressOf: AddressOf
  /** The dialect in use; `undefined` until an answer told. */
  readonly dialect: Effect.Effect<Dialect | undefined>
}

/** The HTTP side of the Conversation namespace. */
export class SignalWireHttp
  extends Context.Service<SignalWireHttp, Service>()("@effect-signalwire/http/SignalWireHttp")
{}

export interface Options {
  readonly endpoint: Endpoint
  /** @default "auto": learned from the first answer that tells, then remembered */
  readonly dialect?: "auto" | Dialect | undefined
  /** How long one attempt may take. @default "30 seconds" */
  readonly timeout?: Duration.Input | undefined
  /** When a read is tried again after a failure that may heal. @default jittered exponential backoff */
  readonly retry?: Schedule.Schedule<unknown, SignalWireHttpError> | undefined
  /** How long a read may take with all its attempts. @default "90 seconds" */
  readonly deadline?: Duration.Input | undefined
}
