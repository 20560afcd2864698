/**
 * A backend in memory: requests call its routes directly, and a socket consists of two queues.
 */
import * as AdminRoutes from "@effect-signalwire/backend/AdminRoutes"
import * as Backend from "@effect-signalwire/backend/Backend"
import * as Faults from "@effect-signalwire/backend/Faults"
import { Hosting } from "@effect-signalwire/backend/Hosting"
import * as Routes from "@effect-signalwire/backend/Routes"
import * as SocketProtocol from "@effect-signalwire/backend/SocketProtocol"
import * as Storage from "@effect-signalwire/backend/Storage"
import type * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Socket from "effect/socket/Socket"

/** Tests read responses and frames without decoding them. */
// oxlint-disable-next-line typescript/no-explicit-any
type UntypedJson = any

export interface TestResponse {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: UntypedJson
}

export interface TestSubscriber {
  readonly id: string
  readonly addressId: string
  readonly token: string
  readonly refreshToken: string
}

export class ConnectionBroken extends Error {}

const closed = (code: number) => new Socket.SocketError({ reason: new Socket.SocketCloseError({ code }) })

/** The client's end of a socket. */
export interface Client {
  readonly send: (frame: unknown) => Effect.Effect<void>
  /** Waits for the next frame. */
  readonly next: Effect.Effect<UntypedJson>
  /** Takes all received frames. */
  readonly waiting: Effect.Effect<ReadonlyArray<UntypedJson>>
  /** Waits until the server closes the socket; returns the code, or `null` if there was no close frame. */
  readonly closed: Effect.Effect<number | null>
  /** Closes the socket. */
  readonly disconnect: Effect.Effect<void>
}

export class TestBackend extends Context.Service<TestBackend, {
  readonly backend: Backend.Service
  readonly faults: Faults.Service
  readonly request: (
    method: string,
    path: string,
    options?: { readonly token?: string; readonly body?: unknown; readonly headers?: Record<string, string> }
  ) => Effect.Effect<TestResponse, ConnectionBroken>
  readonly addSubscriber: (name: string) => Effect.Effect<TestSubscriber>
  readonly addRoom: (name: string) => Effect.Effect<string>
  readonly openSocket: Effect.Effect<Client, never, Scope.Scope>
}>()("test/TestBackend") {}

const make = Effect.gen(function*() {
  const backend = yield* Backend.Backend
  const faults = yield* Faults.Faults
  const app = yield* HttpRouter.toHttpEffect(Layer.mergeAll(Routes.layer, AdminRoutes.layer))

  const request: TestBackend["Service"]["request"] = (method, path, options = {}) =>
    Effect.gen(function*() {
      const broken = yield* Deferred.make<never, ConnectionBroken>()
      const incoming = HttpServerRequest.fromWeb(
        new Request(`http://localhost${path}`, {
          method,
          headers: {
            ...(options.token === undefined ? undefined : { authorization: `Bearer ${options.token}` }),
            ...(options.body === undefined ? undefined : { "content-type": "application/json" }),
            ...options.headers
          },
          ...(options.body === undefined
            ? undefined
            : { body: typeof options.body === "string" ? options.body : JSON.stringify(options.body) })
        })
      )
      const response = yield* Effect.raceFirst(
        Effect.orDie(Effect.scoped(app)).pipe(
          Effect.provideService(HttpServerRequest.HttpServerRequest, incoming),
          Effect.provideService(Hosting, {
            abort: () => Effect.andThen(Deferred.fail(broken, new ConnectionBroken()), Effect.never),
            isOwnName: (hostname) => hostname === "own.example"
          })
        ),
        Deferred.await(broken)
      )
      const webResponse = HttpServerResponse.toWeb(response)
      const text = yield* Effect.promise(() => webResponse.text())
      let body: unknown
      try {
        body = JSON.parse(text)
      } catch {
        body = undefined
      }
      return { status: response.status, headers: webResponse.headers, text, body }
    })

  const openSocket: TestBackend["Service"]["openSocket"] = Effect.gen(function*() {
    const toServer = yield* Queue.unbounded<string, Socket.SocketError>()
    const toClient = yield* Queue.unbounded<string>()
    const ended = yield* Deferred.make<number | null>()
    const end = (code: number | null) =>
      Effect.andThen(Deferred.succeed(ended, code), Queue.fail(toServer, closed(code ?? 1006)))
    const deliver = (frame: string | Uint8Array) => Queue.offerUnsafe(toClient, String(frame))
    const socket = Socket.make({
      reader: Effect.succeed({
        pull: Queue.takeAll(toServer),
        upgrade: () => Effect.die("unused")
      }),
      writer: Effect.succeed({
        write: (frame) => Socket.isCloseEvent(frame) ? end(frame.code) : Effect.sync(() => deliver(frame)),
        writeAll: (frames: Arr.NonEmptyReadonlyArray<string | Uint8Array>) =>
          Effect.sync(() => {
            for (const frame of frames) deliver(frame)
          })
      })
    })
    const decision = yield* SocketProtocol.decideUpgrade
    if (decision._tag === "Accepted") {
      yield* SocketProtocol.serve(socket, { decision, abort: Effect.asVoid(end(null)) }).pipe(Effect.forkScoped)
    } else yield* end(null)
    yield* Effect.yieldNow
    return {
      send: (frame) =>
        Effect.andThen(
          Queue.offer(toServer, typeof frame === "string" ? frame : JSON.stringify(frame)),
          runReadyFibers
        ),
      next: Effect.map(Queue.take(toClient), (text) => JSON.parse(text)),
      waiting: Effect.andThen(
        runReadyFibers,
        Effect.map(Queue.clear(toClient), (texts) => texts.map((text) => JSON.parse(text)))
      ),
      closed: Deferred.await(ended),
      disconnect: Effect.andThen(end(1000), runReadyFibers)
    } satisfies Client
  }).pipe(Effect.provideService(Backend.Backend, backend), Effect.provideService(Faults.Faults, faults))

  return TestBackend.of({
    backend,
    faults,
    request,
    addSubscriber: (name) =>
      Effect.map(Effect.orDie(request("POST", "/_sandbox/subscribers", { body: { name } })), ({ body }) => body),
    addRoom: (name) =>
      Effect.map(Effect.orDie(request("POST", "/_sandbox/rooms", { body: { name } })), ({ body }) => body.addressId),
    openSocket
  })
})

/** Runs all fibers that are ready, without advancing the clock. */
export const runReadyFibers = Effect.repeat(Effect.yieldNow, { times: 20 })

/** Runs a test with a new backend. */
export const withBackend = <A, E>(
  use: (test: TestBackend["Service"]) => Effect.Effect<A, E, Scope.Scope>,
  options?: Backend.Options,
  storage: Layer.Layer<Storage.Storage> = Storage.layerMemory
): Effect.Effect<A, E | Storage.StorageError, Scope.Scope> =>
  Effect.flatMap(TestBackend, use).pipe(
    Effect.provide(
      Layer.effect(TestBackend, make).pipe(
        Layer.provide(Layer.merge(Layer.provide(Backend.layer(options), storage), Faults.layer))
      )
    )
  )

/** Makes the request that opens or resumes a session. */
export const connectFrame = (token: string, more: object = {}) => ({
  jsonrpc: "2.0",
  id: "c",
  method: "signalwire.connect",
  params: {
    version: { major: 4, minor: 0, revision: 0 },
    event_acks: true,
    authentication: { jwt_token: token },
    ...more
  }
})

/** Opens a session, and acknowledges its authorization state. */
export const connect = Effect.fnUntraced(function*(client: Client, token: string, more: object = {}) {
  yield* client.send(connectFrame(token, more))
  const response = yield* client.next
  const state = yield* client.next
  yield* client.send({ jsonrpc: "2.0", id: state.id, result: {} })
  return {
    result: response.result,
    protocol: String(response.result.protocol),
    state: String(state.params.params.authorization_state)
  }
})
