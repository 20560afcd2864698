/**
 * SignalWire's Conversation namespace for plain TypeScript: the calls of the Effect side as Promises, callbacks and
 * async iterators over the documented snake_case objects.
 *
 * @since 0.1.0
 */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Token from "@effect-signalwire/runtime/Token"
import { closed, type ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import * as WebSockets from "@effect-signalwire/subscription/WebSockets"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
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
import { guarded } from "./internal/guarded.ts"
import { forEachBatch } from "./internal/iterating.ts"
import { given, invalid } from "./internal/options.ts"
import * as Refusals from "./internal/refusals.ts"
import * as Runner from "./internal/runner.ts"
import type { RunOptions } from "./internal/runner.ts"
import * as Settings from "./internal/settings.ts"
import type { Report } from "./internal/subscribing.ts"

/** Where diagnostics go. Nothing logged contains a token or the text of a message. */
export interface SignalWireLogger {
  /**
   * Called with what the client recovers from, such as a frame that it could not read, a token that was refused, or no
   * session for 5 seconds, which is reported once a minute at most.
   */
  readonly warn: (message: string, ...details: ReadonlyArray<unknown>) => void
  /** Called with what needs attention, such as a callback that threw while there is no `onError`. */
  readonly error: (message: string, ...details: ReadonlyArray<unknown>) => void
}

/**
 * Where to connect, with which token, and how. Durations are milliseconds, or strings such as `"5 seconds"`; `null` is
 * treated as `undefined`.
 */
export interface SignalWireOptions {
  /** A subscriber access token. @default the environment's `SIGNALWIRE_TOKEN` */
  readonly token?: string | undefined
  /**
   * Called for another token when this one is refused or about to expire. Without it a refused token stays refused,
   * until `updateToken` brings another.
   *
   * When it throws, rejects, takes longer than `refreshTimeout`, or returns no valid token or the refused one, calls
   * that wait for it reject with `Unauthorized`, and subscriptions and timelines wait and call it again later, since
   * the network may be down. `null` says that there is no other token: it is not called again for this one, and they
   * wait for `updateToken`.
   *
   * It is never called twice at once. A call begins at least 1 second after the one before it began, then 2, 4 and so
   * on up to 30 seconds; after a minute without one it is 1 second again.
   * @default none
   */
  readonly onRefreshToken?: (() => string | null | Promise<string | null>) | undefined
  /**
   * A host such as `puc.signalwire.com`. Without it and `urls` the environment's `SIGNALWIRE_HOST`, or
   * `SIGNALWIRE_HTTP_URL` with `SIGNALWIRE_WS_URL`, and without those the host that the token names, or
   * `fabric.signalwire.com` where it names none.
   */
  readonly host?: string | undefined
  /**
   * Both addresses in full, with the path under which a reverse proxy serves them, if any; plain `http:` and `ws:` are
   * for loopback only.
   */
  readonly urls?: { readonly http: string; readonly ws: string } | undefined
  /** The dialect that the server speaks. @default "auto": detected by the first response that shows it */
  readonly dialect?: "auto" | "address" | "group" | undefined
  /** How long `onRefreshToken` may take before it counts as failed. @default "10 seconds" */
  readonly refreshTimeout?: Credentials.Options["refreshTimeout"]
  /** Where diagnostics go. What it throws is ignored. @default console */
  readonly logger?: SignalWireLogger | undefined
  /**
   * How long `subscribe` waits for a session before it begins without one. It begins in any case once history is
   * polled, after 5 seconds without a session.
   * @default "10 seconds"
   */
  readonly readyTimeout?: Conversations.ConnectOptions["readyTimeout"]
  /**
   * How long a message is looked for, when the answer to its request was lost, before it is sent again; four times as
   * long when the request timed out.
   * @default "5 seconds"
   */
  readonly settle?: Conversations.ConnectOptions["settle"]
  /**
   * How long `sendMessage` may take, with the wait for its turn and all it needs to find out whether the message was
   * stored.
   * @default "2 minutes"
   */
  readonly sendDeadline?: Conversations.ConnectOptions["sendDeadline"]
  /**
   * How often history is read, while a session is up, for messages that were never pushed: after `min` at first and
   * after a read that found one, twice as late after each that did not, up to `max`; `false` for never. While there has
   * been no session for 5 seconds it is read every `min`, with `false` every 15 seconds.
   * @default { min: "15 seconds", max: "5 minutes" }
   */
  readonly sweep?: Conversations.ConnectOptions["sweep"]
  /**
   * Settings of requests: `timeout` of one (10 seconds, 30 for a send), `deadline` of a read with its repetitions (90
   * seconds), and `retry`, a `Schedule` of Effect.
   */
  readonly http?: Conversations.ConnectOptions["http"]
  /**
   * Settings of sessions: `backoff`, `dialsPerMinute`, `heartbeat`, `probeTimeout`, `connectTimeout`, `requestTimeout`,
   * `idleTimeToLive`, `capacity` and `agent`. They are described at `Options` of
   * `@effect-signalwire/subscription/Subscription`.
   */
  readonly subscription?: Conversations.ConnectOptions["subscription"]
  /** What makes the requests. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined
  /**
   * The class that sockets are made of. Without one, what subscribes fails with `Invalid`.
   * @default globalThis.WebSocket
   */
  readonly WebSocket?: (new(url: string) => Socket.WebSocketLike) | undefined
}

/** How messages arrive, and why they don't. */
export interface Connection {
  /** The state now. It is `Idle` until something subscribes. */
  readonly state: ConnectionState
  /**
   * Calls back with the state now and with each change, the last being `Closed`, and returns a function that ends that.
   * What the callback throws, or rejects with, goes to the logger.
   *
   * Throws a `ConversationError` of reason `Invalid` when `callback` is not a function.
   */
  readonly onChange: (callback: (state: ConnectionState) => void) => () => void
  /**
   * Resolves when a session is up, and opens one where nothing subscribes. It waits without a limit for whatever may
   * recover; a `signal` ends that.
   *
   * Rejects with a `ConversationError`: the reason of the state when that becomes `Failed`, and `Closed` after
   * `disconnect`; and with the signal's own reason.
   */
  readonly ready: (options?: RunOptions) => Promise<void>
}

/** A client. It connects when something subscribes, and has one session for everything. */
export interface SignalWireClient extends AsyncDisposable {
  /** The documented methods, for all conversations. */
  readonly conversation: ConversationApi.ConversationApi
  /** The same for chat messages only, without the log entries of calls. */
  readonly chat: ChatApi.ChatApi
  /** Addresses: the rooms, subscribers and others that there are conversations with. */
  readonly address: AddressApi.AddressApi
  /** How messages arrive, and why they don't. */
  readonly connection: Connection
  /**
   * Replaces the token, for REST and socket alike: calls from now on are made with it, and whatever waits for another
   * token continues at once. It resolves without asking the server; whether that accepts the token shows with the next
   * call.
   *
   * Rejects with a `ConversationError`: `Invalid` for what can't be a token, `Closed` after `disconnect`.
   */
  readonly updateToken: (token: string) => Promise<void>
  /**
   * Dials now: ends the wait before the next dial, or replaces the session. It resolves without waiting for the new
   * session. In the long run ten dials a minute are made at most, this one included.
   *
   * Rejects with a `ConversationError` of reason `Closed` after `disconnect`, and with the reason of the `signal`.
   */
  readonly reconnect: (options?: RunOptions) => Promise<void>
  /**
   * Ends every subscription, iteration and call, and closes the socket; resolves when that is done. Never rejects, and
   * may be called again. Calls that are under way, and those made later, reject with reason `Closed`; iterations that
   * are running end.
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
  throw invalid("urls", "must have the strings http and ws")
}

/** The user's logger, on a line of its own: what it throws ends nothing. */
const guardLogger = (logger: SignalWireLogger): SignalWireLogger => {
  // there is nowhere left to tell what a logger throws
  const quiet = (level: keyof SignalWireLogger): SignalWireLogger["warn"] => {
    const log = guarded((...entry: Parameters<SignalWireLogger["warn"]>): unknown => logger[level](...entry), constVoid)
    return (...entry) => void log(...entry)
  }
  return { warn: quiet("warn"), error: quiet("error") }
}

/** Builds the services of a client, telling what they cope with to whom they are given. */
type Build = (
  options: SignalWireOptions,
  telemetry: Instrumentation.Instrumentation
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
    const checked = Token.check(token)
    if (Result.isSuccess(checked)) return Redacted.make(checked.success)
    // its own request may have failed this time
    throw new Credentials.CredentialsError({ detail: checked.failure.message, isRetryable: true })
  }
  return Effect.callback<Redacted.Redacted, unknown>((resume) => {
    ask().then((token) => resume(Effect.succeed(token)), (error: unknown) => resume(Effect.fail(error)))
  })
}

/**
 * Makes a client. It resolves without asking the server: the client connects when something subscribes, and makes
 * requests when its methods are called.
 *
 * Rejects with a `ConversationError` of reason `Invalid` that names an option that can't be.
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
 * Makes a client like {@link SignalWire}, over transports of your own, such as a backend in memory, instead of the
 * platform's.
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
    const services = build({ ...options, host, urls }, Instrumentation.warnings(logger.warn))
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

  const report: Report = logger.error
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
      shared.refusals.forget()
    }),
    reconnect: Caller.method("reconnect", async (_, options: RunOptions = {}) => {
      await runner.run(Conversations.Conversations.use(({ connection }) => connection.reconnect), given(options))
    }),
    disconnect: runner.close,
    [Symbol.asyncDispose]: runner.close
  }
}
