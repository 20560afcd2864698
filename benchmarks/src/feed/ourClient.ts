/** The client of this project, over a given WebSocket implementation. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as WebSockets from "@effect-signalwire/subscription/WebSockets"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { HttpClient } from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import type { WebSocketConstructor } from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import type { Feed } from "./Feed.ts"

/** The HTTP client and the WebSocket constructor: created once, as in a program with many clients. */
export const transportsOf = (
  webSockets: Layer.Layer<WebSocketConstructor>
): Context.Context<HttpClient | WebSocketConstructor> =>
  Effect.runSync(
    Layer.buildWithScope(Layer.merge(SignalWireHttp.layerFetchClient, webSockets), Scope.makeUnsafe())
  )

/** Builds the service, by default with the default options. */
export const build = (
  { http, ws }: Feed,
  transports: Context.Context<HttpClient | WebSocketConstructor>,
  scope: Scope.Scope,
  options?: Conversations.ConnectOptions
) =>
  Layer.buildWithScope(
    Conversations.layer({ ...options, token: Redacted.make("token"), urls: { http, ws } }),
    scope
  ).pipe(Effect.provideContext(transports))

/** Builds the service over `fetch` and the platform's `WebSocket`, as the Promise client does. */
export const buildBare = ({ http, ws }: Feed, scope: Scope.Scope) =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.make({ token: Redacted.make("token") })
    return yield* Conversations.makeBareFetch({ urls: { http, ws } }).pipe(
      Effect.provideService(Instrumentation.Instrumentation, Instrumentation.warningsOnly(console.warn)),
      Effect.provideContext(Context.add(WebSockets.context, Credentials.Credentials, credentials))
    )
  }).pipe(Scope.provide(scope))

/** Connects a client with this number of subscribers, and the default recovery. */
export const connect = (
  webSockets: Layer.Layer<WebSocketConstructor>,
  subscribers: number,
  options?: Conversations.ConnectOptions
) => {
  const transports = transportsOf(webSockets)
  return async (feed: Feed, onEvents: (events: number) => void): Promise<() => Promise<void>> => {
    const scope = Scope.makeUnsafe()
    await Effect.runPromise(Effect.gen(function*() {
      const context = yield* build(feed, transports, scope, options)
      const { subscription } = Context.get(context, Conversations.Conversations)
      for (let n = 0; n < subscribers; n++) {
        const events = yield* Scope.provide(subscription(), scope)
        yield* Effect.forkIn(
          Stream.runForEachArray(events, (batch) => Effect.sync(() => onEvents(batch.length))),
          scope
        )
      }
    }))
    return () => Effect.runPromise(Scope.close(scope, Exit.void))
  }
}
