/**
 * A local server that speaks the wire protocol of SignalWire: the backend, hosted on Node.
 *
 * @since 0.1.0
 */
import * as Admin from "@effect-signalwire/backend/Admin"
import * as AdminRoutes from "@effect-signalwire/backend/AdminRoutes"
import type { ApiError } from "@effect-signalwire/backend/ApiError"
import * as Backend from "@effect-signalwire/backend/Backend"
import * as Faults from "@effect-signalwire/backend/Faults"
import { Hosting } from "@effect-signalwire/backend/Hosting"
import * as Routes from "@effect-signalwire/backend/Routes"
import * as Storage from "@effect-signalwire/backend/Storage"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeWS from "@effect/platform-node/NodeWS"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { hosting } from "./internal/hosting.ts"
import { inUrl, tokenHost } from "./internal/hostnames.ts"
import * as LogFile from "./internal/logFile.ts"
import * as NodeServer from "./internal/nodeServer.ts"
import { type Options, toSettings } from "./internal/options.ts"
import * as PageRoutes from "./internal/pageRoutes.ts"
import { SandboxError } from "./internal/sandboxError.ts"
import * as SqliteStorage from "./SqliteStorage.ts"

export type { Options } from "./internal/options.ts"
export { SandboxError } from "./internal/sandboxError.ts"

// Models

/** The URLs of a sandbox, its project, rooms and subscribers, and their tokens. */
export const Info = Schema.Struct({
  /** The origin of the REST API. */
  http: Schema.String,
  /** The URL of the WebSocket. */
  ws: Schema.String,
  /** The base URL of the admin API. */
  admin: Schema.String,
  ...Admin.Ready.fields
})
export type Info = typeof Info.Type

// Service

/** A running sandbox. */
export class Sandbox extends Context.Service<
  Sandbox,
  Info & {
    /** The backend, for code in the same process. */
    readonly backend: Backend.Service
    readonly faults: Faults.Service
  }
>()("@effect-signalwire/sandbox/Sandbox") {}

// Constructors

/** The maximum size of a frame, in bytes. */
const maxPayload = 64 * 1024

/** How often connections are checked for clients that do not read. */
const checkInterval = "500 millis"

/** Closes the connection after a response to a failed WebSocket upgrade. */
const closingConnection = <E, R>(app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
  Effect.map(app, HttpServerResponse.setHeader("connection", "close"))

const toError = (cause: Error) => new SandboxError({ message: cause.message, cause })

/** Adds the subscribers and rooms that do not exist. */
const populate = Effect.fnUntraced(function*(
  backend: Backend.Service,
  subscribers: ReadonlyArray<string>,
  rooms: ReadonlyArray<string>
): Effect.fn.Return<Admin.Ready, ApiError | Storage.StorageError> {
  for (const name of subscribers) {
    if (backend.findSubscriber(name) === undefined) yield* backend.addSubscriber({ name })
  }
  for (const name of rooms) {
    if (backend.findRoom(name) === undefined) yield* backend.addRoom({ name })
  }
  return yield* backend.ready
})

/** Starts a sandbox, and stops it with the scope. */
export const make = Effect.fnUntraced(function*(
  options: Options = {}
): Effect.fn.Return<Sandbox["Service"], SandboxError, Scope.Scope> {
  const settings = yield* toSettings(options)
  const { data, host, links, log, tls } = settings
  const { address, connections, port } = yield* NodeServer.make({
    host,
    port: settings.port,
    maxSockets: options.maxSockets ?? 10_000,
    requestTimeout: settings.requestMillis,
    tls
  })
  const secure = tls === undefined ? "" : "s"
  const authority = `${inUrl(host)}:${port}`

  // opened before everything else that writes to it, so that it is closed last
  const append = log === undefined
    ? undefined
    : yield* Effect.mapError(
      LogFile.make(log),
      (cause) => new SandboxError({ message: `${log} cannot be written: ${cause.message}`, cause })
    )
  const context = yield* Backend.layer({
    host: `${tokenHost(address)}:${port}`,
    linkOrigin: links === "absolute" ? `http${secure}://${authority}` : undefined,
    ...settings.backend,
    wireLog: settings.backend.wireLog === true || append !== undefined
  }).pipe(
    Layer.provide(data === ":memory:" ? Storage.layerMemory : SqliteStorage.layer({ filename: data })),
    Layer.merge(Faults.layer),
    Layer.build,
    Effect.mapError(toError)
  )
  const backend = Context.get(context, Backend.Backend)
  const faults = Context.get(context, Faults.Faults)
  if (append !== undefined) {
    yield* Effect.acquireRelease(Effect.sync(() => backend.wireLog.subscribe(append)), Effect.sync)
  }
  const ready = yield* Effect.mapError(populate(backend, settings.subscribers, settings.rooms), toError)

  const app = yield* HttpRouter.toHttpEffect(Layer.mergeAll(Routes.layer, AdminRoutes.layer, PageRoutes.layer)).pipe(
    Effect.provide(context)
  )
  const served = Effect.provideService(app, Hosting, hosting([host, ...settings.allowedHosts]))
  const scope = yield* Effect.flatMap(Effect.scope, (scope) => Scope.fork(scope))
  const webSockets = Effect.succeed(
    new NodeWS.WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload,
      // clients send short frames, which are rarely fragmented
      maxFragments: 64,
      maxBufferedChunks: 256
    })
  )
  connections.serve({
    handle: yield* NodeHttpServer.makeHandler(served, { scope }),
    upgrade: yield* NodeHttpServer.makeUpgradeHandler(webSockets, closingConnection(served), { scope })
  })
  // runs first when the scope is closed, so that closing does not wait for requests
  yield* Effect.addFinalizer(() => Effect.sync(() => connections.close()))
  // a check that throws is logged, and the next one follows
  const check = Effect.catchDefect(
    Effect.sync(() => connections.check(performance.now())),
    (thrown) => Effect.logError("Connections could not be checked", thrown)
  )
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(checkInterval), check)))
  return {
    http: `http${secure}://${authority}`,
    ws: `ws${secure}://${authority}`,
    admin: `http${secure}://${authority}/_sandbox`,
    ...ready,
    backend,
    faults
  }
})

/** Provides a sandbox. */
export const layer = (options?: Options): Layer.Layer<Sandbox, SandboxError> => Layer.effect(Sandbox, make(options))

/** A sandbox that was started with {@link start}. Disposing it stops it. */
export interface Started extends Info, AsyncDisposable {
  /** Stops the sandbox. Stopping again has no effect. */
  readonly stop: () => Promise<void>
}

/**
 * Starts a sandbox from Promise code. Rejects with a `SandboxError`.
 *
 * ```ts
 * import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
 *
 * await using sandbox = await Sandbox.start({ port: 0 })
 * console.log(sandbox.http, sandbox.subscribers[0]?.token)
 * ```
 */
export const start = async (options?: Options): Promise<Started> => {
  const scope = Scope.makeUnsafe()
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  const exit = await Effect.runPromiseExit(Scope.provide(make(options), scope))
  if (Exit.isFailure(exit)) {
    await close()
    return Effect.runPromise(Effect.failCause(exit.cause))
  }
  const { backend: _backend, faults: _faults, ...info } = exit.value
  return { ...info, stop: close, [Symbol.asyncDispose]: close }
}
