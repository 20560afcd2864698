/**
 * The layers of the `Conversations` service. They differ in what they require: both services that it is composed of, or
 * `Credentials` and transports, or transports only, or nothing.
 */
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import * as Endpoint from "@effect-signalwire/runtime/Endpoint"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Token from "@effect-signalwire/runtime/Token"
import type { Reason } from "@effect-signalwire/schema/Reason"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import * as WebSockets from "@effect-signalwire/subscription/WebSockets"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type * as Socket from "effect/socket/Socket"
import * as Struct from "effect/Struct"
import { ConversationError } from "../ConversationError.ts"
import type { BareFetchOptions, ConnectOptions, Options, ServiceOptions } from "./conversationsOptions.ts"
import { Conversations } from "./conversationsService.ts"
import * as Environment from "./environment.ts"
import { catchInvalid } from "./invalidOptions.ts"
import { make, makeWith } from "./makeConversations.ts"
import * as MetricsRecorder from "./metricsRecorder.ts"

/** The services that {@link layer} provides: `Conversations`, and the services that it is composed of. */
export type Services =
  | Conversations
  | SignalWireHttp.SignalWireHttp
  | Subscription.Subscription

type Transports = HttpClient | Socket.WebSocketConstructor

/**
 * Provides the service over your own HTTP and subscription services, or mocks of them. Fails with `Invalid` for invalid
 * options.
 */
export const layerServices = (
  options?: ServiceOptions
): Layer.Layer<Conversations, ConversationError, SignalWireHttp.SignalWireHttp | Subscription.Subscription> =>
  Layer.effect(Conversations, make(options))

const nameOf = ({ name, subscription }: ConnectOptions): string | undefined => name ?? subscription?.agent

/** Builds all services at once: a layer for each would cost a client more than the services themselves. */
const connect = Effect.fnUntraced(function*<R>(
  options: ConnectOptions,
  makeHttp: (options: SignalWireHttp.Options) => Effect.Effect<SignalWireHttp.Service, never, R>,
  metrics: MetricsRecorder.MetricsRecorder
): Effect.fn.Return<
  Context.Context<Services>,
  ConversationError,
  R | Credentials.Credentials | Socket.WebSocketConstructor | Scope.Scope
> {
  const credentials = yield* Credentials.Credentials
  const token = Token.checkRedacted(yield* credentials.current)
  const endpoint = yield* Effect.mapError(
    Effect.fromResult(Result.flatMap(token, (token) => Endpoint.make(token, options))),
    (reason) => new ConversationError({ method: "layer", reason })
  )
  const http = yield* makeHttp({ ...options.http, endpoint, dialect: options.dialect }).pipe(
    catchInvalid("layer", "http.")
  )
  const subscription = yield* Subscription.makeBare({
    ...options.subscription,
    endpoint,
    addressOf: http.addressOf
  }).pipe(catchInvalid("layer", "subscription."))
  const services = Context.make(SignalWireHttp.SignalWireHttp, http).pipe(
    Context.add(Subscription.Subscription, subscription)
  )
  const conversations = yield* Effect.provideContext(
    makeWith(options, metrics, endpoint.http),
    services
  )
  return Context.add(services, Conversations, conversations)
}, catchInvalid("layer"))

/**
 * Builds the services of {@link layerCredentials}. Their spans and logs go to the `Instrumentation` of the context, or to
 * Effect's tracer and loggers.
 */
export const makeCredentials = (
  options: ConnectOptions = {}
): Effect.Effect<Context.Context<Services>, ConversationError, Credentials.Credentials | Transports | Scope.Scope> =>
  connect(options, SignalWireHttp.make, MetricsRecorder.make(nameOf(options))).pipe(
    Instrumentation.forClient(nameOf(options))
  )

/** Provides the services over your own `Credentials`. Fails with `Invalid` for an invalid host, URL, token or option. */
export const layerCredentials = (
  options: ConnectOptions = {}
): Layer.Layer<Services, ConversationError, Credentials.Credentials | Transports> =>
  Layer.effectContext(makeCredentials(options))

/**
 * Builds the services over `fetch` itself, without an `HttpClient`, spans of requests and metrics. Spans and logs are
 * discarded, unless the context has an `Instrumentation`, which also has the name of the client. This makes the smallest
 * bundles for browsers.
 */
export const makeBareFetch = (
  options: BareFetchOptions
): Effect.Effect<
  Context.Context<Services>,
  ConversationError,
  Credentials.Credentials | Socket.WebSocketConstructor | Scope.Scope
> =>
  connect(
    options,
    (http) => SignalWireHttp.makeBareFetch({ ...http, fetch: options.fetch }),
    MetricsRecorder.noop
  )

/**
 * Provides the services of {@link layerCredentials} over `fetch` itself, without an `HttpClient`, spans of requests and
 * metrics. Spans and logs go to Effect's tracer and loggers.
 */
export const layerBareFetch = (
  options: BareFetchOptions = {}
): Layer.Layer<Services, ConversationError, Credentials.Credentials | Socket.WebSocketConstructor> =>
  Layer.effectContext(Instrumentation.forClient(nameOf(options))(makeBareFetch(options)))

/**
 * Provides the services for a token, and its `Credentials`, over an `HttpClient` and a `WebSocketConstructor`. What
 * `refresh` requires, except for a scope, becomes a requirement of the layer. Fails with `Invalid` for an invalid host,
 * URL, token or option.
 */
export const layer = <R = never>(
  options: Options<R>
): Layer.Layer<Services | Credentials.Credentials, ConversationError, Transports | Credentials.Requirements<R>> =>
  Layer.effectContext(Effect.flatMap(
    catchInvalid("layer")(Credentials.make(options)),
    (credentials) =>
      Effect.map(
        Effect.provideService(makeCredentials(options), Credentials.Credentials, credentials),
        Context.add(Credentials.Credentials, credentials)
      )
  ))

/**
 * The options from the environment, all of which may be absent: `SIGNALWIRE_` and the path of an option in capitals, such
 * as `SIGNALWIRE_HTTP_TIMEOUT` for `http.timeout`. The server is either `SIGNALWIRE_HOST`, or `SIGNALWIRE_HTTP_URL` and
 * `SIGNALWIRE_WS_URL`. White space around the values is removed. An invalid value fails with a `ConfigError` that names
 * the variable.
 */
export const environment: Config.Config<Environment.Environment> =
  // pure, so that bundles that do not use it do not include Config
  /* @__PURE__ */ Environment.make()

type Wrapped<A> = { readonly [Key in keyof A]: Config.Wrap<A[Key]> }
type Defined<Key extends keyof ConnectOptions> = NonNullable<ConnectOptions[Key]>
type PlainOptions = Omit<Options, "refresh" | "http" | "subscription" | "sweep">
type PlainHttp = Omit<Defined<"http">, "retry">
type PlainSubscription = Omit<Defined<"subscription">, "backoff">

/**
 * The options of {@link layerConfig}, nested as the options are: a `Config` for each value or for an object of values.
 * `refresh` and the schedules are given as they are.
 */
export interface ConfigOptions<R = never> extends Wrapped<PlainOptions>, Pick<Options<R>, "refresh"> {
  /** Requests to the REST API. `retry` is the schedule itself. */
  readonly http?: Wrapped<PlainHttp> & Pick<Defined<"http">, "retry"> | undefined
  /** The session. `backoff` is a schedule itself, or the configuration of its bounds. */
  readonly subscription?:
    | Wrapped<PlainSubscription> & {
      readonly backoff?: Config.Wrap<Subscription.BackoffBounds> | Schedule.Schedule<unknown, Reason> | undefined
    }
    | undefined
  /** How often history is read for messages that were never pushed, or `false`. */
  readonly sweep?: Config.Wrap<Exclude<Defined<"sweep">, false>> | Config.Config<ConnectOptions["sweep"]> | undefined
}

const unwrapSubscription = (
  { backoff, ...options }: NonNullable<ConfigOptions["subscription"]>
): Config.Config<ConnectOptions["subscription"]> =>
  Config.map(
    Config.all({
      options: Config.unwrap<PlainSubscription>(options),
      backoff: backoff === undefined || Schedule.isSchedule(backoff)
        ? Config.succeed(backoff)
        : Config.unwrap<Subscription.BackoffBounds>(backoff)
    }),
    ({ backoff, options }) => ({ ...options, backoff })
  )

const unwrapSweep = (sweep: NonNullable<ConfigOptions["sweep"]>): Config.Config<ConnectOptions["sweep"]> =>
  Config.isConfig(sweep) ? sweep : Config.unwrap<Exclude<Defined<"sweep">, false>>(sweep)

/** Unwraps all options but `refresh`. */
const unwrapOptions = (
  { http, subscription, sweep, ...options }: Omit<ConfigOptions, "refresh">
): Config.Config<Omit<Options, "refresh">> =>
  Config.map(
    Config.all({
      options: Config.unwrap<PlainOptions>(options),
      http: Config.unwrap<PlainHttp>(Struct.omit(http ?? {}, ["retry"])),
      subscription: subscription === undefined ? Config.succeed(undefined) : unwrapSubscription(subscription),
      sweep: sweep === undefined ? Config.succeed(undefined) : unwrapSweep(sweep)
    }),
    (unwrapped) => ({
      ...unwrapped.options,
      http: { ...unwrapped.http, retry: http?.retry },
      subscription: unwrapped.subscription,
      sweep: unwrapped.sweep
    })
  )

/**
 * Provides the services of {@link layer} with options from configuration; without `options`, from the
 * {@link environment}.
 */
export const layerConfig = <R = never>(
  options?: ConfigOptions<R>
): Layer.Layer<
  Services | Credentials.Credentials,
  ConversationError | Config.ConfigError,
  Transports | Credentials.Requirements<R>
> => {
  if (options === undefined) return Layer.unwrap(Effect.map(Environment.makeWithToken(), layer<R>))
  const { refresh, ...rest } = options
  return Layer.unwrap(Effect.map(unwrapOptions(rest), (unwrapped) => layer({ ...unwrapped, refresh })))
}

/** Provides an `HttpClient` and a `WebSocketConstructor` over the platform's own `fetch` and `WebSocket`. */
export const layerTransports: Layer.Layer<Transports> = /* @__PURE__ */ Layer.merge(
  SignalWireHttp.layerFetchClient,
  WebSockets.layer
)

/** Provides the services of {@link layer} over the platform's own `fetch` and `WebSocket`, in Node and in browsers. */
export const layerFetch = <R = never>(
  options: Options<R>
): Layer.Layer<Services | Credentials.Credentials, ConversationError, Credentials.Requirements<R>> =>
  Layer.provide(layer(options), layerTransports)
