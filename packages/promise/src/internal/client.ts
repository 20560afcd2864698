/** Creates a client: validates its options, builds its services, and adds its methods. */
import type { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as WebSockets from "@effect-signalwire/subscription/WebSockets"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import type { HttpClient } from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Socket from "effect/socket/Socket"
import type { RunOptions } from "../RunOptions.ts"
import type { SignalWireClient } from "../SignalWireClient.ts"
import type { SignalWireLogger, SignalWireOptions } from "../SignalWireOptions.ts"
import * as AddressApi from "./addressApi.ts"
import * as ChatApi from "./chatApi.ts"
import * as Connection from "./connection.ts"
import * as ConversationApi from "./conversationApi.ts"
import * as Environment from "./environment.ts"
import { normalizeOptions } from "./options.ts"
import { asyncMethod } from "./publicMethod.ts"
import * as Runner from "./runner.ts"
import { safeCallback } from "./safeCallback.ts"
import { fromRefresh, requireToken, resolveToken } from "./token.ts"
import * as TokenRefusals from "./tokenRefusals.ts"
import { requireHost, requireUrls, validateOptions } from "./validateOptions.ts"

/** Builds the services of a client. They report problems that they recover from to the `Instrumentation`. */
export type BuildServices = (
  options: SignalWireOptions
) => Effect.Effect<
  Context.Context<Conversations.Services>,
  ConversationError,
  Credentials.Credentials | Scope.Scope
>

/** Services over the platform's `fetch` and `WebSocket`, or those among the options. */
export const servicesOfPlatform: BuildServices = (options) =>
  Effect.provideContext(
    Conversations.makeBareFetch(options),
    options.WebSocket === undefined ? WebSockets.context : WebSockets.contextOf(options.WebSocket)
  )

/** Services over the transports of a layer. */
export const servicesOver =
  (transports: Layer.Layer<HttpClient | Socket.WebSocketConstructor>): BuildServices => (options) =>
    Effect.flatMap(
      Layer.build(transports),
      (context) => Effect.provideContext(Conversations.makeCredentials(options), context)
    )

/** A logger whose methods never throw, whatever the user's do. */
const makeSafeLogger = (logger: SignalWireLogger): SignalWireLogger => {
  // an exception of the logger itself can't be logged
  const safe = (level: keyof SignalWireLogger): SignalWireLogger["warn"] => {
    const log = safeCallback(
      (...entry: Parameters<SignalWireLogger["warn"]>): unknown => logger[level](...entry),
      constVoid
    )
    return (...entry) => void log(...entry)
  }
  return { warn: safe("warn"), error: safe("error") }
}

export const make = async (options: SignalWireOptions, buildServices: BuildServices): Promise<SignalWireClient> => {
  validateOptions(options)
  const { onRefreshToken } = options
  // read for each client, because programs may load their `.env` file late
  const environment = Environment.read()
  const token = Redacted.make(resolveToken(options.token, environment.token))
  const { host, urls } = options.host === undefined && options.urls === undefined
    ? environment
    : { host: requireHost(options.host), urls: requireUrls(options.urls) }
  const logger = makeSafeLogger(options.logger ?? console)
  const runner = await Runner.make(Effect.gen(function*() {
    const credentials = yield* Credentials.make({
      token,
      refreshTimeout: options.refreshTimeout,
      refresh: onRefreshToken === undefined ? undefined : fromRefresh(onRefreshToken)
    })
    const context = Context.make(Credentials.Credentials, credentials)
    const services = Effect.provideContext(
      buildServices({ ...options, host, urls }),
      Context.add(context, Instrumentation.Instrumentation, Instrumentation.warningsOnly(logger.warn))
    )
    return Context.merge(context, yield* services)
  }))

  const tokenRefusals = TokenRefusals.make(runner)
  const shared = { runner, logError: logger.error, tokenRefusals }
  const conversation = ConversationApi.make(shared)
  return {
    conversation,
    chat: ChatApi.make(shared, conversation),
    address: AddressApi.make(runner),
    connection: Connection.make(runner, logger.error),
    updateToken: asyncMethod("updateToken", async (_, token) => {
      const next = Redacted.make(requireToken(token))
      await runner.run(Credentials.Credentials.use(({ replace }) => replace(next)))
      tokenRefusals.reset()
    }),
    reconnect: asyncMethod("reconnect", async (_, options: RunOptions = {}) => {
      await runner.run(
        Conversations.Conversations.use(({ connection }) => connection.reconnect),
        normalizeOptions(options)
      )
    }),
    disconnect: runner.close,
    [Symbol.asyncDispose]: runner.close
  }
}
