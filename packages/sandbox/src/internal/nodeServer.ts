/**
 * The Node HTTP server of a sandbox.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import * as Https from "node:https"
import { Connections } from "./connections.ts"
import { SandboxError } from "./sandboxError.ts"

/** The number of connections in addition to the maximum number of WebSockets. */
const spareConnections = 2000

/** Limits of requests, in milliseconds and bytes. A slow request fails with 408, one with long headers with 431. */
const limitsOf = (requestTimeout: number) => ({
  requestTimeout,
  headersTimeout: Math.min(10_000, requestTimeout),
  connectionsCheckingInterval: Math.min(1000, requestTimeout),
  keepAliveTimeout: 5000,
  maxHeaderSize: 16_384
})

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

const close = (node: Http.Server, connections: Connections): Effect.Effect<void> =>
  Effect.callback((resume) => {
    connections.close()
    node.close(() => resume(Effect.void))
  })

export interface Options {
  readonly host: string
  /** The port; 0 for any free port. */
  readonly port: number
  /** The maximum number of WebSockets. */
  readonly maxSockets: number
  /** The maximum time to receive a request, in milliseconds. */
  readonly requestTimeout: number
  readonly tls: { readonly cert: string; readonly key: string } | undefined
}

export interface NodeServer {
  readonly connections: Connections
  /** The address that the server listens on. */
  readonly address: string
  /** The port that the server listens on. */
  readonly port: number
}

/** Starts a server, and closes it with the scope. Requests fail with 503 until `connections` has handlers. */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<NodeServer, SandboxError, Scope.Scope> {
  const { host, maxSockets, port, requestTimeout, tls } = options
  const limits = limitsOf(requestTimeout)
  const node = yield* Effect.try({
    try: () =>
      tls === undefined
        ? Http.createServer(limits)
        : Https.createServer({ ...limits, ...tls, handshakeTimeout: limits.headersTimeout }),
    catch: (cause) => new SandboxError({ message: "the certificate or its key cannot be read", cause })
  })
  node.maxHeadersCount = 100
  node.maxConnections = maxSockets + spareConnections
  const connections = new Connections(node)
  yield* Effect.acquireRelease(listen(node, port, host), () => close(node, connections))

  // one connection could not be accepted; the server continues
  const fork = Effect.runForkWith(yield* Effect.context())
  node.on("error", (cause) => fork(Effect.logError("A connection could not be accepted", cause)))

  const address = node.address()
  return typeof address === "object" && address !== null
    ? { connections, address: address.address, port: address.port }
    : { connections, address: host, port }
})
