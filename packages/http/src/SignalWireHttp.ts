/**
 * The `SignalWireHttp` service is the HTTP side of the Conversation namespace: subscriber, addresses, conversations,
 * messages, sending and joining, in whichever dialect the server speaks. Every failure is a {@link SignalWireHttpError}
 * whose `reason` is what happened.
 *
 * @since 0.1.0
 */
import type * as Credentials from "@effect-signalwire/runtime/Credentials"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import type { Invalid } from "@effect-signalwire/schema/Reason"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Service } from "./internal/contract.ts"
import * as FetchTransport from "./internal/fetchTransport.ts"
import * as HttpClientTransport from "./internal/httpClientTransport.ts"
import type { BareFetchOptions, Options } from "./internal/options.ts"
import type { SendOptions } from "./internal/parameters.ts"
import * as InternalService from "./internal/service.ts"
import * as Validation from "./internal/validation.ts"

export type { Service } from "./internal/contract.ts"
export type { BareFetchOptions, Options } from "./internal/options.ts"
export type {
  AddressOptions,
  ConversationMessageOptions,
  MessageOptions,
  PageOptions,
  SendOptions,
  SendReceipt
} from "./internal/parameters.ts"

/** The HTTP side of the Conversation namespace. */
export class SignalWireHttp
  extends Context.Service<SignalWireHttp, Service>()("@effect-signalwire/http/SignalWireHttp")
{}

/**
 * Validates a message without sending it. Returns the reason that {@link Service.sendMessage} would fail with before it
 * sends anything, or `None` if the message is valid.
 */
export const checkMessage = (options: Omit<SendOptions, "clientId">): Option.Option<Invalid> =>
  Result.getFailure(Validation.message(options))

/**
 * Builds the service over the `HttpClient` of the context. Requests carry the current token of `Credentials`; one that is
 * rejected with 401 is repeated once with a renewed token. Once the scope is closed, the methods fail with `Closed`. Dies
 * with `Invalid`, which names the option, if a duration among the options is invalid.
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
  ).pipe(Instrumentation.forClient(options.name))

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
  Layer.effect(SignalWireHttp, Instrumentation.forClient(options.name)(makeBareFetch(options)))
