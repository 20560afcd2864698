/**
 * The backend in memory, without a port: its routes behind an `HttpClient` and its socket protocol behind a
 * `WebSocketConstructor`. What is tested against it runs the very code that the sandbox serves.
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
import * as World from "./World.ts"

/** Where clients say that the backend is; nothing listens there. */
export const endpoint: Endpoint = { http: "http://backend.localhost", ws: "ws://backend.localhost" }

/** An answer, or a connection that broke before there was one. */
type Answer = Deferred.Deferred<HttpServerResponse.HttpServerResponse, HttpClientError.HttpClientError>

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
      const answer: Answer = Deferred.makeUnsafe()
      const broke = Effect.sync(() => Deferred.doneUnsafe(answer, broken(request)))
      const hosting: Hosting = { abort: () => Effect.andThen(broke, Effect.never) }
      // the server goes on when the client has gone, as it does behind a wire
      run(
        HttpEffect.toHandled(
          routes,
          (_, response) => Deferred.succeed(answer, response)
        ).pipe(
          Effect.provideService(HttpServerRequest.HttpServerRequest, HttpServerRequest.fromClientRequest(request)),
          Effect.provideService(Hosting, hosting),
          Effect.ensuring(broke)
        )
      )
      return HttpServerResponse.toClientResponse(yield* Deferred.await(answer), { request })
    })
  )
})

const broken = (request: HttpClientRequest.HttpClientRequest): Effect.Effect<never, HttpClientError.HttpClientError> =>
  Effect.fail(
    new HttpClientError.HttpClientError({
      reason: new HttpClientError.TransportError({ request, description: "the connection broke" })
    })
  )

const makeWebSocketConstructor = Effect.fnUntraced(function*(wire: MemorySocket.Wire | undefined) {
  const run = yield* FiberSet.makeRuntime<Backend.Backend | Faults.Faults>()

  const serve = Effect.fnUntraced(function*(link: MemorySocket.Link) {
    const admission = yield* SocketProtocol.admit
    if (admission._tag !== "Accepted") return link.cut()
    link.open()
    const socket = yield* Socket.fromWebSocket(
      Effect.acquireRelease(Effect.succeed(link.server), (server) => Effect.sync(() => server.close()))
    )
    yield* SocketProtocol.serve(socket, { admission, abort: Effect.sync(link.cut) })
  })

  const constructor: Socket.WebSocketConstructor["Service"] = () => {
    const link = MemorySocket.make(wire)
    run(serve(link))
    return link.client
  }
  return constructor
})

/** How a backend in memory behaves. */
export interface Options extends Backend.Options {
  /** How what is sent on a socket travels. @default at once, as soon as the current task has ended */
  readonly wire?: MemorySocket.Wire | undefined
}

type Services = Backend.Backend | Faults.Faults | HttpClient.HttpClient | Socket.WebSocketConstructor

/** The backend with both ways to reach it, over a store that outlives it. */
export const layerStorage = (options?: Options): Layer.Layer<Services, never, Storage.Storage> =>
  Layer.mergeAll(
    Layer.effect(HttpClient.HttpClient, makeHttpClient),
    Layer.effect(Socket.WebSocketConstructor, makeWebSocketConstructor(options?.wire))
  ).pipe(
    Layer.provideMerge(Layer.merge(Backend.layer(options), Faults.layer)),
    Layer.orDie
  )

/** The backend with both ways to reach it. */
export const layer = (options?: Options): Layer.Layer<Services> =>
  Layer.provide(layerStorage(options), Storage.layerMemory)

/** The backend in memory as a world for conformance suites and for clients of its own. */
export const layerWorld = (options?: Options): Layer.Layer<World.World> =>
  World.layer(endpoint).pipe(Layer.provide(layer(options)))
