/**
 * SignalWire's Conversation namespace for plain TypeScript. It adds no behaviour to the Effect side: the same calls, as
 * Promises, callbacks and async iterators over the documented snake_case objects.
 *
 * @since 0.1.0
 */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Credentials from "@effect-signalwire/schema/Credentials"
import * as Telemetry from "@effect-signalwire/schema/Telemetry"
import * as Token from "@effect-signalwire/schema/Token"
import { closed, type ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import * as WebSockets from "@effect-signalwire/subscription/WebSockets"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type * as Socket from "effect/socket/Socket"
import * as AddressApi from "./AddressApi.ts"
import * as ChatApi from "./ChatApi.ts"
import * as ConversationApi from "./ConversationApi.ts"
import * as Caller from "./internal/caller.ts"
import * as Environment from "./internal/environment.ts"
import { forEachBatch } from "./internal/iterating.ts"
import { given, invalid } from "./internal/options.ts"
import * as Refusals from "./internal/refusals.ts"
import * as Runner from "./internal/runner.ts"
import type { RunOptions } from "./internal/runner.ts"
import * as Settings from "./internal/settings.ts"
import { guarded, type Report } from "./internal/subscribing.ts"

/** Where diagnostics go. Nothing logged contains a token or the text of a message. */
export interface SignalWireLogger {
  /** What the client copes with, such as a frame that it could not read. */
  readonly warn: (message: string, ...details: ReadonlyArray<unknown>) => void
  /** What somebody should look at, such as a callback that threw. */
  readonly error: (message: string, ...details: ReadonlyArray<unknown>) => void
}

/**
 * Where to connect, with which token, and how. Durations are milliseconds, or texts such as `"5 seconds"`; `null` is
 * as good as absent.
 */
export interface SignalWireOptions {
  /** A subscriber access token. @default the environment's `SIGNALWIRE_TOKEN` */
  readonly token?: string | undefined
  /**
   * Called for another token when this one is refused or about to expire. Without it a refused token stays refused. When
   * it throws, takes too long, or returns no other token, calls that wait for it fail, and subscriptions wait and ask again
   * later, as the network may be down; `null` says that there will be no other token, until `updateToken` brings one. It is
   * called a second after the call before it at the earliest, then less and less often, up to every 30 seconds.
   */
  readonly onRefreshToken?: (() => string | null | Promise<string | null>) | undefined
  /**
   * A host such as `puc.signalwire.com`. Without it and `urls` the environment's `SIGNALWIRE_HOST`, or
   * `SIGNALWIRE_HTTP_URL` with `SIGNALWIRE_WS_URL`, and without those the host that the token names.
   */
  readonly host?: string | undefined
  /**
   * Both addresses in full, with the path under which a reverse proxy serves them, if any; plain `http:` and `ws:` are for
   * loopback only.
   */
  readonly urls?: { readonly http: string; readonly ws: string } | undefined
  /** @default "auto": learned from the first answer that tells */
  readonly dialect?: "auto" | "address" | "group" | undefined
  /** How long `onRefreshToken` may take before that counts as failed. @default "10 seconds" */
  readonly refreshTimeout?: Credentials.Options["refreshTimeout"]
  /** @default console */
  readonly logger?: SignalWireLogger | undefined
  /** How long `subscribe` waits for the session before it goes on without. @default "10 seconds" */
  readonly readyTimeout?: Conversations.ConnectOptions["readyTimeout"]
  /**
   * How long a message is looked for, when the answer to its request was lost, before it is sent again.
   * @default "5 seconds"
   */
  readonly settle?: Conversations.ConnectOptions["settle"]
  /** How long `sendMessage` may take with all it needs to settle its outcome. @default "2 minutes" */
  readonly sendDeadline?: Conversations.ConnectOptions["sendDeadline"]
  /**
   * How often history is read for messages that were never pushed: after `min` at first and whenever one was found, up to
   * `max` while none is; `false` for never. While there is no session it is read every `min`.
   * @default { min: "15 seconds", max: "5 minutes" }
   */
  readonly sweep?: Conversations.ConnectOptions["sweep"]
  /** Settings of the HTTP layer, for those who need them. */
  readonly http?: Conversations.ConnectOptions["http"]
  /** Settings of the session, for those who need them. */
  readonly subscription?: Conversations.ConnectOptions["subscription"]
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** @default globalThis.WebSocket */
  readonly WebSocket?: (new(url: string) => Socket.WebSocketLike) | undefined
}

/** The session with the server, as it stands. */
export interface Connection {
  /** How the session stands now. It is `Idle` until something subscribes. */
  readonly state: ConnectionState
  /**
   * Calls back with the state now and with each change, the last being `Closed`; returns how to stop that. Throws a `ConversationError` of reason
   * `Invalid` when given no function; what the callback throws, or rejects with, is told to the logger.
   */
  readonly onChange: (callback: (state: ConnectionState) => void) => () => void
  /**
   * Resolves when a session is up, and opens one where nothing subscribes. It waits for whatever may heal; rejects with
   * reason `Closed` after `disconnect`, and with the reason of the state where that is `Failed`.
   */
  readonly ready: (options?: RunOptions) => Promise<void>
}

/** A connected client. */
export interface SignalWireClient extends AsyncDisposable {
  /** The documented methods, for all conversations. */
  readonly conversation: ConversationApi.ConversationApi
  /** The same for chat messages only, without the log entries of calls. */
  readonly chat: ChatApi.ChatApi
  /** Who and what can be talked to. */
  readonly address: AddressApi.AddressApi
  /** The session with the server, as it stands. */
  readonly connection: Connection
  /**
   * Replaces the token, for REST and socket alike; calls from now on are made with it. Rejects with a `ConversationError`:
   * `Invalid` for what is no token, `Closed` after `disconnect`. Whether the server takes it shows with the next call.
   * Whatever waits for another token goes on with it at once.
   */
  readonly updateToken: (token: string) => Promise<void>
  /**
   * Dials now: ends the wait before the next dial, or replaces a session that may be dead. Resolves once that has begun;
   * `connection.ready()` resolves when a session is up. Ten dials a minute are made at most in the long run.
   */
  readonly reconnect: (options?: RunOptions) => Promise<void>
  /**
   * Ends every subscription, iteration and call, and closes the socket. Never rejects, and may be called again. Calls that
   * are under way, and those made later, reject with reason `Closed`; what iterates ends.
   */
  readonly disconnect: () => Promise<void>
}

const requireToken = (token: unknown, source?: string): string =>
  Result.getOrThrowWith(Token.check(token, source), (reason) => new ConversationError({ method: "options", reason }))

/** The token among the options, or else the environment's. */
const tokenOf = (token: unknown, environment: string | undefined): string =>
  token === undefined && environment !== undefined ? requireToken(environment, "SIGNALWIRE_TOKEN") : requireToken(token)

const requireHost = (host: unknown): string | undefined => {
  if (host === undefined || typeof host === "string") return host
  throw invalid("host", "must be a host name")
}

const requireUrls = (urls: SignalWireOptions["urls"]): SignalWireOptions["urls"] => {
  if (
    urls === undefined || (typeof urls === "object" && typeof urls.http === "string" && typeof urls.ws === "string")
  ) {
    return urls
  }
  throw invalid("urls", "must have the texts http and ws")
}

/** The user's logger, on a line of its own: what it throws ends nothing. */
const guardLogger = (logger: SignalWireLogger): SignalWireLogger => {
  const guarded = (level: keyof SignalWireLogger): SignalWireLogger["warn"] => (...entry) => {
    try {
      logger[level](...entry)
    } catch {
      // there is nowhere left to tell it
    }
  }
  return { warn: guarded("warn"), error: guarded("error") }
}

/** Builds the services of a client, telling what they cope with to whom they are given. */
type Build = (
  options: SignalWireOptions,
  telemetry: Telemetry.Telemetry
) => Effect.Effect<
  Context.Context<Conversations.Services>,
  ConversationError,
  Credentials.Credentials | Scope.Scope
>

const overPlatform: Build = (options, telemetry) =>
  Effect.provideContext(
    Conversations.makeBareFetch(options, telemetry),
    options.WebSocket === undefined ? WebSockets.context : WebSockets.contextOf(options.WebSocket)
  )

const noOtherToken = () => new Credentials.CredentialsError({ detail: "there is no other token", isRetryable: false })

const refreshWith = (onRefreshToken: NonNullable<SignalWireOptions["onRefreshToken"]>) => {
  const ask = async () => {
    const token = await onRefreshToken()
    if (token === null) throw noOtherToken()
    return Redacted.make(requireToken(token))
  }
  return Effect.callback<Redacted.Redacted, unknown>((resume) => {
    ask().then((token) => resume(Effect.succeed(token)), (error: unknown) => resume(Effect.fail(error)))
  })
}

/**
 * Makes a client. It connects when something subscribes; a bad option rejects at once.
 *
 * Rejects with a `ConversationError` of reason `Invalid` that names the option.
 *
 * ```ts
 * import { SignalWire } from "@effect-signalwire/promise"
 *
 * await using client = await SignalWire({ token: process.env["SIGNALWIRE_TOKEN"] })
 * const page = await client.conversation.getConversations()
 * console.log(page.data)
 * ```
 */
export const SignalWire: (options?: SignalWireOptions) => Promise<SignalWireClient> = Caller.method(
  "SignalWire",
  (_, options: SignalWireOptions = {}) => make(given(options), overPlatform)
)

/**
 * {@link SignalWire} over transports of one's own, such as a backend in memory, instead of the platform's.
 */
export const connect: (
  options: SignalWireOptions,
  over: Layer.Layer<HttpClient | Socket.WebSocketConstructor>
) => Promise<SignalWireClient> = /* @__PURE__ */ Caller.method(
  "SignalWire",
  (_, options: SignalWireOptions, over: Layer.Layer<HttpClient | Socket.WebSocketConstructor>) =>
    make(given(options), (options, telemetry) =>
      Effect.flatMap(
        Layer.build(over),
        (transports) => Effect.provideContext(Conversations.makeTelling(options, telemetry), transports)
      ))
)

const make = async (
  options: SignalWireOptions,
  build: Build
): Promise<SignalWireClient> => {
  Settings.check(options)
  const { onRefreshToken } = options
  // as it is now: programs load their `.env` when they like
  const environment = Environment.read()
  const token = Redacted.make(tokenOf(options.token, environment.token))
  const { host, urls } = options.host === undefined && options.urls === undefined
    ? environment
    : { host: requireHost(options.host), urls: requireUrls(options.urls) }
  const logger = guardLogger(options.logger ?? console)
  const runner = await Runner.make(Effect.gen(function*() {
    const credentials = yield* Credentials.make({
      token,
      refreshTimeout: options.refreshTimeout,
      refresh: onRefreshToken === undefined ? undefined : refreshWith(onRefreshToken)
    })
    const context = Context.make(Credentials.Credentials, credentials)
    const services = build({ ...options, host, urls }, Telemetry.warnings(logger.warn))
    return Context.merge(context, yield* Effect.provideContext(services, context))
  }))

  const connection: Connection = {
    get state() {
      return runner.runSync(Conversations.Conversations.use(({ connection }) => connection.current))
    },
    onChange: Caller.immediate("connection.onChange", (callback) => {
      if (typeof callback !== "function") throw invalid("callback", "must be a function")
      const call = guarded(callback, (error) => logger.error("a callback for the connection's state failed", error))
      let active = true
      const { stop } = runner.start(
        // not before the caller can stop it
        Effect.andThen(
          Effect.yieldNow,
          Conversations.Conversations.use(({ connection }) =>
            forEachBatch(connection.changes, (states) =>
              Effect.sync(() => {
                for (const state of states) if (active && !runner.isClosed()) void call(state)
              }))
          )
        ).pipe(Effect.ensuring(Effect.sync(() => {
          if (active && runner.isClosed()) void call(closed)
        })))
      )
      return () => {
        active = false
        void stop()
      }
    }),
    ready: Caller.method("connection.ready", async (_, options: RunOptions = {}) => {
      await runner.run(Conversations.Conversations.use(({ connection }) => connection.ready), given(options))
    })
  }

  const report: Report = (message, error) => logger.error(message, error)
  const shared = { runner, report, refusals: Refusals.make(runner) }
  const conversation = ConversationApi.make(shared)
  return {
    conversation,
    chat: ChatApi.make(shared, conversation),
    address: AddressApi.make(runner),
    connection,
    updateToken: Caller.method("updateToken", async (_, token) => {
      const next = Redacted.make(requireToken(token))
      await runner.run(Credentials.Credentials.use(({ replace }) => replace(next)))
    }),
    reconnect: Caller.method("reconnect", async (_, options: RunOptions = {}) => {
      await runner.run(Conversations.Conversations.use(({ connection }) => connection.reconnect), given(options))
    }),
    disconnect: runner.close,
    [Symbol.asyncDispose]: runner.close
  }
}
