/**
 * The `SignalWireHttp` service is the HTTP side of the Conversation namespace: subscriber, addresses, conversations,
 * messages, sending and joining, in whichever dialect the server speaks. Every failure is a {@link SignalWireHttpError}
 * whose `reason` is what happened.
 *
 * @since 0.1.0
 */
import type * as Credentials from "@effect-signalwire/runtime/Credentials"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import type { Address } from "@effect-signalwire/schema/Address"
import type { Conversation } from "@effect-signalwire/schema/Conversation"
import type { AddressOf, ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { Dialect } from "@effect-signalwire/schema/Dialect"
import type { JoinConversationResponse } from "@effect-signalwire/schema/JoinConversationResponse"
import type { Page } from "@effect-signalwire/schema/Page"
import type { Invalid } from "@effect-signalwire/schema/Reason"
import type { Subscriber } from "@effect-signalwire/schema/Subscriber"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as FetchTransport from "./internal/fetchTransport.ts"
import * as HttpClientTransport from "./internal/httpClientTransport.ts"
import type { BareFetchOptions, Options } from "./internal/options.ts"
import type {
  AddressOptions,
  ConversationMessageOptions,
  MessageOptions,
  PageOptions,
  SendOptions,
  SendReceipt
} from "./internal/parameters.ts"
import * as InternalService from "./internal/service.ts"
import * as Validation from "./internal/validation.ts"
import type { SignalWireHttpError } from "./SignalWireHttpError.ts"

export type { BareFetchOptions, Options } from "./internal/options.ts"
export type {
  AddressOptions,
  ConversationMessageOptions,
  MessageOptions,
  PageOptions,
  SendOptions,
  SendReceipt
} from "./internal/parameters.ts"

/**
 * The methods of the service. Reads and joins are retried while their failure is retryable, see {@link Options.retry}.
 * Once the scope of the service is closed, every method fails with the reason `Closed`.
 */
export interface Service {
  /** Returns the subscriber that the token belongs to, with its own addresses. */
  readonly getSubscriber: Effect.Effect<Subscriber, SignalWireHttpError>

  /** Returns the address with this id. Fails with `NotFound` if there is none. */
  readonly getAddress: (options: { readonly id: string }) => Effect.Effect<Address, SignalWireHttpError>
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
    options: { readonly addressId: string }
  ) => Effect.Effect<JoinConversationResponse, SignalWireHttpError>

  /** Returns the address of a group, or `null` if this client does not know it. */
  readonly addressOf: AddressOf
  /** The dialect in use; `undefined` until a response has shown it. */
  readonly dialect: Effect.Effect<Dialect | undefined>
}

/** The HTTP side of the Conversation namespace. */
export class SignalWireHttp
  extends Context.Service<SignalWireHttp, Service>()("@effect-signalwire/http/SignalWireHttp")
{}

/**
 * Validates a message without sending it. Returns the reason that {@link Service.sendMessage} would fail with before it
 * sends anything, or `undefined` if the message is valid.
 */
export const checkMessage = (options: Omit<SendOptions, "clientId">): Invalid | undefined => {
  const validated = Validation.message(options)
  return Result.isFailure(validated) ? validated.failure : undefined
}

/**
 * Builds the service over the `HttpClient` of the context. Requests carry the current token of `Credentials`; one that is
 * rejected with 401 is repeated once with a renewed token. Once the scope is closed, the methods fail with `Closed`.
 *
 * **Gotchas**
 *
 * A redirect is never followed: it fails with `Malformed`. A fetch client of your own should have
 * `redirect: "manual"`, so that it does not contact the other server, and `cache: "no-store"`, so that a browser does not
 * serve a read from its cache. {@link layerFetchClient} has both.
 *
 * @category constructors
 */
export const make = (
  options: Options
): Effect.Effect<Service, never, HttpClient.HttpClient | Credentials.Credentials | Scope.Scope> =>
  Effect.flatMap(
    HttpClient.HttpClient,
    (client) => InternalService.make(options, HttpClientTransport.make(client))
  ).pipe(Instrumentation.provideEffect(options.name))

/**
 * Provides the service over the `HttpClient` of the context, see {@link make}.
 *
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<SignalWireHttp, never, HttpClient.HttpClient | Credentials.Credentials> =>
  Layer.effect(SignalWireHttp, make(options))

/**
 * A fetch client that follows no redirects, since a token belongs to one origin, and bypasses HTTP caches.
 *
 * @category layers
 */
export const layerFetchClient: Layer.Layer<HttpClient.HttpClient> = /* @__PURE__ */ Layer.provide(
  FetchHttpClient.layer,
  /* @__PURE__ */ Layer.succeed(FetchHttpClient.RequestInit, FetchTransport.requestInit)
)

/**
 * Provides the service over {@link layerFetchClient}.
 *
 * @category layers
 */
export const layerFetch = (options: Options): Layer.Layer<SignalWireHttp, never, Credentials.Credentials> =>
  Layer.provide(layer(options), layerFetchClient)

/**
 * Builds the service over `fetch` itself, without an `HttpClient`, and so without spans of requests: the smallest and
 * fastest for browsers. It follows no redirects and bypasses HTTP caches. Its spans and logs are discarded, unless the
 * context has an `Instrumentation`.
 *
 * @category constructors
 */
export const makeBareFetch = (
  options: BareFetchOptions
): Effect.Effect<Service, never, Credentials.Credentials | Scope.Scope> =>
  InternalService.make(options, FetchTransport.make(options.fetch))

/**
 * Provides the service over `fetch` itself, see {@link makeBareFetch}, with Effect's tracer and loggers.
 *
 * @category layers
 */
export const layerBareFetch = (
  options: BareFetchOptions
): Layer.Layer<SignalWireHttp, never, Credentials.Credentials> =>
  Layer.effect(SignalWireHttp, Instrumentation.provideEffect(options.name)(makeBareFetch(options)))
