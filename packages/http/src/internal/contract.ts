/** The contract of the `SignalWireHttp` service. */
import type { Address } from "@effect-signalwire/schema/Address"
import type { Conversation } from "@effect-signalwire/schema/Conversation"
import type { AddressOf, ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { Dialect } from "@effect-signalwire/schema/Dialect"
import type { AddressIdInput } from "@effect-signalwire/schema/Ids"
import type { JoinConversationResponse } from "@effect-signalwire/schema/JoinConversationResponse"
import type { Page } from "@effect-signalwire/schema/Page"
import type { Subscriber } from "@effect-signalwire/schema/Subscriber"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import type {
  AddressOptions,
  ConversationMessageOptions,
  MessageOptions,
  PageOptions,
  SendOptions,
  SendReceipt
} from "./parameters.ts"

/**
 * The methods of the service. Reads and joins are retried while their failure is retryable, see the option `retry`.
 * Once the scope of the service is closed, every method fails with the reason `Closed`.
 */
export interface Service {
  /** Returns the subscriber that the token belongs to, with its own addresses. */
  readonly getSubscriber: Effect.Effect<Subscriber, SignalWireHttpError>

  /** Returns the address with this id. Fails with `NotFound` if there is none. */
  readonly getAddress: (options: { readonly id: AddressIdInput }) => Effect.Effect<Address, SignalWireHttpError>
  /**
   * Returns the address with this name. An address whose name has the same case is preferred to one whose name differs by
   * case, which is only found if the server's filter ignores case. Fails with `NotFound` if there is none.
   */
  readonly getAddressByName: (options: { readonly name: string }) => Effect.Effect<Address, SignalWireHttpError>
  /** Returns the first page of addresses, in the requested order. */
  readonly getAddresses: (
    options?: AddressOptions
  ) => Effect.Effect<Page<Address, SignalWireHttpError>, SignalWireHttpError>
  /** Streams all addresses, each once. Pages are read as the consumer needs them, and up to two in advance. */
  readonly addresses: (options?: AddressOptions) => Stream.Stream<Address, SignalWireHttpError>

  /** Returns the first page of the subscriber's conversations, most recently active first. */
  readonly getConversations: (
    options?: PageOptions
  ) => Effect.Effect<Page<Conversation, SignalWireHttpError>, SignalWireHttpError>
  /**
   * Streams all conversations, each once, even if one moves to the top of the list while it is read. Pages are read as
   * the consumer needs them, and up to two in advance.
   */
  readonly conversations: (options?: PageOptions) => Stream.Stream<Conversation, SignalWireHttpError>

  /** Returns the first page of the messages of one conversation, newest first. */
  readonly getConversationMessages: (
    options: ConversationMessageOptions
  ) => Effect.Effect<Page<ConversationMessage, SignalWireHttpError>, SignalWireHttpError>
  /**
   * Streams the messages of one conversation, newest first, each once, even if new messages shift the pages while they are
   * read. Pages are read as the consumer needs them, and up to two in advance.
   */
  readonly conversationMessages: (
    options: ConversationMessageOptions
  ) => Stream.Stream<ConversationMessage, SignalWireHttpError>

  /** Returns the first page of the messages of all conversations, newest first. */
  readonly getMessages: (
    options?: MessageOptions
  ) => Effect.Effect<Page<ConversationMessage, SignalWireHttpError>, SignalWireHttpError>
  /** Streams the messages of all conversations, like {@link Service.conversationMessages}. */
  readonly messages: (options?: MessageOptions) => Stream.Stream<ConversationMessage, SignalWireHttpError>

  /**
   * Sends a message with one request, which is only repeated if the server rejects the token with 401. The message is
   * copied when the method is called.
   *
   * **Gotchas**
   *
   * A message whose send failed may be stored nevertheless, unless the reason is `Invalid`, `Unauthorized`, `Forbidden`,
   * `NotFound` or `RateLimited`, or a `Transport` whose `sent` is `"no"`. Provide a `SendAttempt` to know whether the request
   * may have been processed.
   */
  readonly sendMessage: (options: SendOptions) => Effect.Effect<SendReceipt, SignalWireHttpError>
  /** Joins the conversation with an address. Joining it again has no effect. */
  readonly join: (
    options: { readonly addressId: AddressIdInput }
  ) => Effect.Effect<JoinConversationResponse, SignalWireHttpError>

  /** Returns the address of a group, or `null` if this client does not know it. */
  readonly addressOf: AddressOf
  /** The dialect in use; `None` until a response has shown it. */
  readonly dialect: Effect.Effect<Option.Option<Dialect>>
}
