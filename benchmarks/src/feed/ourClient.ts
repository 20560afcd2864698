/** The client of these packages, over a socket of one's choice. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as Credentials from "@effect-signalwire/schema/Credentials"
import * as WebSockets from "@effect-signalwire/subscription/WebSockets"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { HttpClient } from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import type { WebSocketConstructor } from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import type { Feed } from "./Feed.ts"

export interface BuildOptions extends Conversations.ConnectOptions {
  readonly httpClient?: Layer.Layer<HttpClient> | undefined
}

/** Builds the service, as it is out of the box unless told otherwise. */
export const build = (
  { http, ws }: Feed,
  webSockets: Layer.Layer<WebSocketConstructor>,
  scope: Scope.Scope,
  { httpClient = SignalWireHttp.layerFetchClient, ...options }: BuildOptions = {}
) =>
  Layer.buildWithScope(
    Conversations.layer({ ...options, token: Redacted.make("token"), urls: { http, ws } }).pipe(
      Layer.provide(Layer.merge(httpClient, webSockets))
    ),
    scope
  )

/** Builds it over `fetch` itself and the platform's sockets, as the Promise client does. */
export const buildBare = ({ http, ws }: Feed, scope: Scope.Scope) =>
  Layer.buildWithScope(
    Conversations.layerBareFetch({ urls: { http, ws } }).pipe(
      Layer.provide(Layer.merge(Credentials.layer({ token: Redacted.make("token") }), WebSockets.layer))
    ),
    scope
  )

/** Subscribes so often, with recovery as it is out of the box; `heard` is told how many events came. */
export const connect = (
  webSockets: Layer.Layer<WebSocketConstructor>,
  subscribers: number,
  options?: BuildOptions
) =>
async (feed: Feed, heard: (events: number) => void): Promise<() => Promise<void>> => {
  const scope = Scope.makeUnsafe()
  await Effect.runPromise(Effect.gen(function*() {
    const context = yield* build(feed, webSockets, scope, options)
    const { subscription } = yield* Effect.provide(Conversations.Conversations, context)
    for (let n = 0; n < subscribers; n++) {
      const events = yield* Scope.provide(subscription(), scope)
      yield* Effect.forkIn(
        Stream.runForEachArray(events, (batch) => Effect.sync(() => heard(batch.length))),
        scope
      )
    }
  }))
  return () => Effect.runPromise(Scope.close(scope, Exit.void))
}
