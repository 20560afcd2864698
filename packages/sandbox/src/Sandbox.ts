/**
 * A local server that speaks the wire protocol: the backend, hosted on Node.
 *
 * @since 0.1.0
 */
import * as Admin from "@effect-signalwire/backend/Admin"
import * as AdminRoutes from "@effect-signalwire/backend/AdminRoutes"
import * as Backend from "@effect-signalwire/backend/Backend"
import * as Faults from "@effect-signalwire/backend/Faults"
import { Hosting } from "@effect-signalwire/backend/Hosting"
import type { Refused } from "@effect-signalwire/backend/Refused"
import * as Routes from "@effect-signalwire/backend/Routes"
import * as Storage from "@effect-signalwire/backend/Storage"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeWS from "@effect/platform-node/NodeWS"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Http from "node:http"
import * as Https from "node:https"
import { resolve } from "node:path"
import { Connections } from "./internal/connections.ts"
import { hosting } from "./internal/hosting.ts"
import { inUrl, tokenHost } from "./internal/hostnames.ts"
import * as LogFile from "./internal/logFile.ts"
import * as PageRoutes from "./internal/pageRoutes.ts"
import * as SqliteStorage from "./SqliteStorage.ts"

// Models

/** Where a sandbox is, whom it serves, and what to authenticate with. */
export const Info = Schema.Struct({
  /** Origin of the REST API. */
  http: Schema.String,
  /** URL of the socket. */
  ws: Schema.String,
  /** Base of the admin API. */
  admin: Schema.String,
  ...Admin.Ready.fields
})
export type Info = typeof Info.Type

/** The sandbox could not start: its port or its file is taken, or a name is not allowed. */
export class SandboxError extends Schema.TaggedError<SandboxError>("@effect-signalwire/sandbox/SandboxError")(
  "SandboxError",
  { message: Schema.String, cause: Schema.Defect() }
) {}

// Options

/** How a sandbox behaves, beyond how its backend does. */
export interface Options extends Omit<Backend.Options, "host" | "linkOrigin"> {
  /**
   * The port; 0 for one that is free.
   * @default 0
   */
  readonly port?: number | undefined
  /**
   * The address to listen on. The admin API asks for no token, so it should be a loopback address.
   * @default "127.0.0.1"
   */
  readonly host?: string | undefined
  /**
   * Names under which this machine is reached from elsewhere, such as `sandbox` in a network of containers. The admin API
   * is only for requests that name the loopback, the address they came to, or one of these.
   * @default []
   */
  readonly allowedHosts?: ReadonlyArray<string> | undefined
  /**
   * The SQLite file that keeps everything, or `:memory:` to keep nothing.
   * @default ":memory:"
   */
  readonly data?: string | undefined
  /** A file that the wire log is appended to, one JSON object per line; turns the log on. */
  readonly log?: string | undefined
  /**
   * How the links of a page are written; documents of the service show both.
   * @default "relative"
   */
  readonly links?: "relative" | "absolute" | undefined
  /**
   * How long a request may take to arrive, headers and body.
   * @default "30 seconds"
   */
  readonly requestTimeout?: Duration.Input | undefined
  /** Serves `https:` and `wss:` with this certificate and key, both in PEM. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  /**
   * Names of subscribers that are added when there are none of that name.
   * @default ["ada", "grace"]
   */
  readonly subscribers?: ReadonlyArray<string> | undefined
  /**
   * Names of rooms that are added when there are none of that name.
   * @default ["office"]
   */
  readonly rooms?: ReadonlyArray<string> | undefined
}

// Service

/** A running sandbox. */
export class Sandbox extends Context.Service<
  Sandbox,
  Info & {
    /** The model it serves, for those in the same process. */
    readonly backend: Backend.Service
    readonly faults: Faults.Service
  }
>()("@effect-signalwire/sandbox/Sandbox") {}

// Constructors

/** How many bytes a frame may have. */
const maxPayload = 64 * 1024

/** What a request gets, in milliseconds and bytes: one that is slow is answered 408, one with long headers 431. */
const limitsOf = (requestTimeout: number) => ({
  requestTimeout,
  headersTimeout: Math.min(10_000, requestTimeout),
  connectionsCheckingInterval: Math.min(1000, requestTimeout),
  keepAliveTimeout: 5000,
  maxHeaderSize: 16_384
})

/** The longest time that a request may get, in milliseconds: what a timer of Node's can wait. */
const maxRequestTimeout = 2 ** 31 - 1

/** Connections beyond those that may be WebSockets. */
const spareConnections = 2000

/** How often connections are looked at. */
const checkInterval = "500 millis"

/** Begins to listen. */
const listen = (node: Http.Server, port: number, host: string): Effect.Effect<void, SandboxError> =>
  Effect.callback((resume) => {
    const fail = (cause: Error) =>
      resume(new SandboxError({ message: `cannot listen on ${host}:${port}: ${cause.message}`, cause }))
    node.once("error", fail)
    node.listen(port, host, () => {
      node.off("error", fail)
      resume(Effect.void)
    })
  })

/** Stops listening. */
const close = (node: Http.Server, connections: Connections): Effect.Effect<void> =>
  Effect.callback((resume) => {
    connections.close()
    node.close(() => resume(Effect.void))
  })

/** An answer instead of a WebSocket is the last on its connection. */
const closingRefused = <E, R>(app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
  Effect.map(app, HttpServerResponse.setHeader("connection", "close"))

const toError = (message: string) => (cause: unknown) => new SandboxError({ message, cause })

/** Starts a sandbox that lives as long as the scope. */
export const make = Effect.fnUntraced(function*(
  options: Options = {}
): Effect.fn.Return<Sandbox["Service"], SandboxError, Scope.Scope> {
  const {
    allowedHosts = [],
    data = ":memory:",
    host = "127.0.0.1",
    links,
    log,
    port = 0,
    requestTimeout = "30 seconds",
    rooms = ["office"],
    subscribers = ["ada", "grace"],
    tls,
    ...behaviour
  } = options
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    return yield* new SandboxError({ message: `${port} is not a port`, cause: port })
  }
  for (const [name, value] of Object.entries({ host, data, log })) {
    if (value?.trim() === "") return yield* new SandboxError({ message: `${name} must not be empty`, cause: value })
  }
  if (log !== undefined && resolve(log) === resolve(data)) {
    return yield* new SandboxError({ message: "log and data must not be the same file", cause: log })
  }
  const requestMillis = Duration.toMillis(requestTimeout)
  if (!Number.isInteger(requestMillis) || requestMillis < 1 || requestMillis > maxRequestTimeout) {
    return yield* new SandboxError({
      message: `requestTimeout must be a whole number of milliseconds from 1 to ${maxRequestTimeout}`,
      cause: requestTimeout
    })
  }
  const limits = limitsOf(requestMillis)
  const node = yield* Effect.try({
    try: () =>
      tls === undefined
        ? Http.createServer(limits)
        : Https.createServer({ ...limits, ...tls, handshakeTimeout: limits.headersTimeout }),
    catch: toError("the certificate or its key cannot be read")
  })
  node.maxHeadersCount = 100
  node.maxConnections = (options.maxSockets ?? 10_000) + spareConnections
  const connections = new Connections(node)
  yield* Effect.acquireRelease(listen(node, port, host), () => close(node, connections))

  // of a connection that could not be accepted; others can
  const fork = Effect.runForkWith(yield* Effect.context())
  node.on("error", (cause) => fork(Effect.logError("A connection could not be accepted", cause)))

  const address = node.address()
  const bound = typeof address === "object" && address !== null ? address.port : port
  const secure = tls === undefined ? "" : "s"
  const authority = `${inUrl(host)}:${bound}`

  // opened first, so that it is closed when all others have written their last
  const append = log === undefined
    ? undefined
    : yield* Effect.mapError(LogFile.make(log), (cause) => toError(`${log} cannot be written: ${cause.message}`)(cause))
  const context = yield* Backend.layer({
    host: `${tokenHost(typeof address === "object" && address !== null ? address.address : host)}:${bound}`,
    linkOrigin: links === "absolute" ? `http${secure}://${authority}` : undefined,
    ...behaviour,
    wireLog: behaviour.wireLog === true || append !== undefined
  }).pipe(
    Layer.provide(data === ":memory:" ? Storage.layerMemory : SqliteStorage.layer({ filename: data })),
    Layer.merge(Faults.layer),
    Layer.build,
    Effect.mapError((error) => new SandboxError({ message: error.message, cause: error }))
  )
  const backend = Context.get(context, Backend.Backend)
  const faults = Context.get(context, Faults.Faults)
  if (append !== undefined) yield* Effect.acquireRelease(Effect.sync(() => backend.wireLog.listen(append)), Effect.sync)
  const ready = yield* prepare(backend, subscribers, rooms).pipe(
    Effect.mapError((error) => new SandboxError({ message: error.message, cause: error }))
  )

  const app = yield* HttpRouter.toHttpEffect(Layer.mergeAll(Routes.layer, AdminRoutes.layer, PageRoutes.layer)).pipe(
    Effect.provide(context)
  )
  const served = Effect.provideService(app, Hosting, hosting([host, ...allowedHosts]))
  const scope = yield* Effect.flatMap(Effect.scope, (scope) => Scope.fork(scope))
  const webSockets = Effect.succeed(
    new NodeWS.WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload,
      // clients send short frames, which come whole
      maxFragments: 64,
      maxBufferedChunks: 256
    })
  )
  connections.serve({
    handle: yield* NodeHttpServer.makeHandler(served, { scope }),
    upgrade: yield* NodeHttpServer.makeUpgradeHandler(webSockets, closingRefused(served), { scope })
  })
  // the first to go when the scope closes: nobody is served, or waited for, while the rest goes
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

const prepare = Effect.fnUntraced(function*(
  backend: Backend.Service,
  subscribers: ReadonlyArray<string>,
  rooms: ReadonlyArray<string>
): Effect.fn.Return<Admin.Ready, Refused | Storage.StorageError> {
  for (const name of subscribers) {
    if (backend.findSubscriber(name) === undefined) yield* backend.addSubscriber({ name })
  }
  for (const name of rooms) {
    if (backend.findRoom(name) === undefined) yield* backend.addRoom({ name })
  }
  return yield* backend.ready
})

/** A sandbox that lives as long as the layer. */
export const layer = (options?: Options): Layer.Layer<Sandbox, SandboxError> => Layer.effect(Sandbox, make(options))

/** A sandbox that was started with {@link start}. */
export interface Started extends Info, AsyncDisposable {
  /** Ends it; also when called again. */
  readonly stop: () => Promise<void>
}

/**
 * Starts a sandbox, for those who do not write Effect. Rejects with a `SandboxError`.
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
