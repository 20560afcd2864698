/**
 * The backend in memory, without a network port: an `HttpClient` and a `WebSocketConstructor` that call the routes and the
 * socket protocol directly. It is the same code that the sandbox serves.
 *
 * @since 0.1.0
 */
import * as AdminRoutes from "@effect-signalwire/backend/AdminRoutes"
import * as Backend from "@effect-signalwire/backend/Backend"
import * as Faults from "@effect-signalwire/backend/Faults"
import { Hosting } from "@effect-signalwire/backend/Hosting"
import * as Routes from "@effect-signalwire/backend/Routes"
import * as SocketProtocol from "@effect-signalwire/backend/SocketProtocol"
import * as Storage from "@effect-signalwire/backend/Storage"
import type { Endpoint } from "@effect-signalwire/runtime/Endpoint"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Socket from "effect/socket/Socket"
import * as MemorySocket from "./MemorySocket.ts"
import * as TestBackend from "./TestBackend.ts"

/** The URLs that clients are configured with. No server listens on them. */
export const endpoint: Endpoint = { http: "http://backend.localhost", ws: "ws://backend.localhost" }

/** The response to a request, or the error of a broken connection. */
type PendingResponse = Deferred.Deferred<HttpServerResponse.HttpServerResponse, HttpClientError.HttpClientError>

const makeHttpClient: Effect.Effect<
  HttpClient.HttpClient,
  never,
  Backend.Backend | Faults.Faults | Scope.Scope
> = Effect.gen(function*() {
  const context = yield* Effect.context<Backend.Backend | Faults.Faults>()
  const run = yield* FiberSet.makeRuntime()
  const routes = yield* HttpRouter.toHttpEffect(Layer.merge(Routes.layer, AdminRoutes.layer)).pipe(
    Effect.provide(context)
  )

  return HttpClient.make(
    Effect.fnUntraced(function*(request) {
      const pending: PendingResponse = Deferred.makeUnsafe()
      const breakConnection = Effect.sync(() => Deferred.doneUnsafe(pending, connectionError(request)))
      const hosting: Hosting = { abort: () => Effect.andThen(breakConnection, Effect.never) }
      // in a separate fiber: as over a network, the server continues when the client is interrupted
      run(
        HttpEffect.toHandled(
          routes,
          (_, response) => Deferred.succeed(pending, response)
        ).pipe(
          Effect.provideService(HttpServerRequest.HttpServerRequest, HttpServerRequest.fromClientRequest(request)),
          Effect.provideService(Hosting, hosting),
          Effect.ensuring(breakConnection)
        )
      )
      return HttpServerResponse.toClientResponse(yield* Deferred.await(pending), { request })
    })
  )
})

const connectionError = (
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<never, HttpClientError.HttpClientError> =>
  Effect.fail(
    new HttpClientError.HttpClientError({
      reason: new HttpClientError.TransportError({ request, description: "the connection was broken" })
    })
  )

const makeWebSocketConstructor = Effect.fnUntraced(function*(wire: MemorySocket.Wire | undefined) {
  const run = yield* FiberSet.makeRuntime<Backend.Backend | Faults.Faults>()

  const serve = Effect.fnUntraced(function*(pair: MemorySocket.SocketPair) {
    const decision = yield* SocketProtocol.decideUpgrade
    if (decision._tag !== "Accepted") return pair.drop()
    pair.open()
    const socket = yield* Socket.fromWebSocket(
      Effect.acquireRelease(Effect.succeed(pair.server), (server) => Effect.sync(() => server.close()))
    )
    yield* SocketProtocol.serve(socket, { decision, abort: Effect.sync(pair.drop) })
  })

  const constructor: Socket.WebSocketConstructor["Service"] = () => {
    const pair = MemorySocket.make(wire)
    run(serve(pair))
    return pair.client
  }
  return constructor
})

/** Options of a backend in memory. */
export interface Options extends Backend.Options {
  /** How data is delivered over a socket. @default in a microtask */
  readonly wire?: MemorySocket.Wire | undefined
}

type Services = Backend.Backend | Faults.Faults | HttpClient.HttpClient | Socket.WebSocketConstructor

/** Provides the backend, and the transports that reach it, with a storage that can outlive it. */
export const layerStorage = (options?: Options): Layer.Layer<Services, never, Storage.Storage> =>
  Layer.mergeAll(
    Layer.effect(HttpClient.HttpClient, makeHttpClient),
    Layer.effect(Socket.WebSocketConstructor, makeWebSocketConstructor(options?.wire))
  ).pipe(
    Layer.provideMerge(Layer.merge(Backend.layer(options), Faults.layer)),
    Layer.orDie
  )

/** Provides the backend, and the transports that reach it. */
export const layer = (options?: Options): Layer.Layer<Services> =>
  Layer.provide(layerStorage(options), Storage.layerMemory)

/** Provides a backend in memory as a `TestBackend`, for conformance suites and for tests with several clients. */
export const layerTestBackend = (options?: Options): Layer.Layer<TestBackend.TestBackend> =>
  TestBackend.layer(endpoint).pipe(Layer.provide(layer(options)))
