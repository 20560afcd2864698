/**
 * The socket protocol of the service: JSON-RPC in both directions, sessions that can be resumed, pings, and events that are sent
 * again until they are acknowledged.
 *
 * @since 0.1.0
 */
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Socket from "effect/socket/Socket"
import { Backend } from "./Backend.ts"
import { Faults } from "./Faults.ts"
import * as ClientSocket from "./internal/clientSocket.ts"
import { decideByFault, type UpgradeDecision } from "./internal/faults/upgradeFaults.ts"
import * as IncomingFrames from "./internal/incomingFrames.ts"
import * as OutgoingFrames from "./internal/outgoingFrames.ts"

export type { UpgradeDecision } from "./internal/faults/upgradeFaults.ts"

const tooManySockets: UpgradeDecision = {
  _tag: "Rejected",
  action: { type: "answer", status: 503, headers: { "retry-after": "1" }, body: { error: "Too many sockets" } }
}

/** Decides about a WebSocket upgrade, from the number of open sockets and the faults; waits for the delay of a fault. */
export const decideUpgrade: Effect.Effect<UpgradeDecision, never, Backend | Faults> = Effect.gen(function*() {
  const { settings, sockets, wireLog } = yield* Backend
  const isFull = sockets.size >= settings.maxSockets
  const faults = yield* Faults
  const action = !isFull && faults.isActive() ? faults.take({ on: "connect" }) : undefined
  const decision = isFull ? tooManySockets : yield* decideByFault(action)
  if (decision._tag !== "Accepted") {
    wireLog.add({
      on: "refused",
      connection: wireLog.nextId(),
      session: null,
      subscriberId: null,
      fault: action?.type ?? null
    })
  }
  return decision
})

/** Options for serving a socket. */
export interface ServeOptions {
  /**
   * The result of {@link decideUpgrade}.
   * @default the socket is accepted without a fault
   */
  readonly decision?: Extract<UpgradeDecision, { readonly _tag: "Accepted" }> | undefined
  /**
   * Closes the connection without a close frame.
   * @default closes with code 1001
   */
  readonly abort?: Effect.Effect<void> | undefined
  /**
   * Waits until most of the written data has left this process.
   * @default does not wait
   */
  readonly awaitDrain?: Effect.Effect<void> | undefined
}

/** How long a client has to send `signalwire.connect`, in milliseconds. */
const connectTimeout = 10_000

/** How long a client has to respond to a close frame, in milliseconds; then the connection is broken. */
const closeTimeout = 2000

/** How much a client can send after the close frame, in bytes or UTF-16 code units; then the connection is broken. */
const maxBytesAfterClose = 1024 * 1024

/** Waits until the client closes the connection too, and breaks it otherwise. */
const awaitClientClose = ({ pull }: Socket.Reader, abort: Effect.Effect<void>): Effect.Effect<void> => {
  let received = 0
  return pull.pipe(
    Effect.repeat({
      until: (chunks) => {
        for (const chunk of chunks) received += chunk.length
        return received > maxBytesAfterClose
      }
    }),
    Effect.timeoutOption(closeTimeout),
    // reading fails when the connection is closed
    Effect.matchEffect({ onFailure: () => Effect.void, onSuccess: () => abort })
  )
}

/** Replaces codes that must not be sent in a close frame by 1001 (going away). */
const toCloseCode = (code: number): number =>
  (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999)
    ? code
    : 1001

/** Sends pings, disconnects a client whose token has expired, and closes the socket if two pings get no response. */
const sendPings = (client: ClientSocket.ClientSocket): Effect.Effect<never, never, Scope.Scope> =>
  Effect.gen(function*() {
    while (true) {
      yield* Effect.sleep(client.backend.settings.pingInterval)
      if (client.session === undefined || client.isSilent) continue
      // the client can resume its session, but needs to know that its token has expired
      if (client.backend.detectTokenExpiry(client.session)) yield* ClientSocket.disconnect(client, false)
      if (client.unansweredPings >= 2) {
        client.close(null)
        return yield* Effect.never
      }
      client.unansweredPings++
      client.request(JsonRpc.method.ping, { timestamp: client.backend.now() / 1000 })
    }
  })

const enforceConnectTimeout = (client: ClientSocket.ClientSocket): Effect.Effect<never> =>
  Effect.gen(function*() {
    yield* Effect.sleep(connectTimeout)
    if (client.session === undefined && !client.isSilent) client.close(1008)
    return yield* Effect.never
  })

/**
 * Serves one socket until it is closed by either side. The session that it opened can be resumed with another socket.
 */
export const serve: (
  socket: Socket.Socket,
  options?: ServeOptions
) => Effect.Effect<void, never, Backend | Faults> = Effect.fnUntraced(
  function*(socket: Socket.Socket, options?: ServeOptions) {
    const backend = yield* Backend
    const client = yield* ClientSocket.make(backend, yield* Faults)
    backend.sockets.add(client.connection)
    yield* Effect.addFinalizer(() => Effect.sync(() => backend.sockets.delete(client.connection)))
    const reader = yield* socket.reader
    const writer = yield* socket.writer
    const close = Effect.flatMap(
      Deferred.await(client.closeRequested),
      (code) =>
        code === null && options?.abort !== undefined
          ? options.abort
          : writer.write(new Socket.CloseEvent(toCloseCode(code ?? 1001)))
    )

    const action = options?.decision?.action
    client.logSocket("opened", action?.type ?? null)
    if (action?.type === "silent") client.isSilent = true
    if (action?.type === "close") client.close(action.code ?? null)
    if (action?.type === "restart") yield* ClientSocket.disconnect(client, true)
    yield* Effect.raceAllFirst([
      close,
      IncomingFrames.run(client, reader),
      OutgoingFrames.run(client, writer, options?.awaitDrain ?? Effect.void),
      sendPings(client),
      enforceConnectTimeout(client)
    ]).pipe(
      Effect.ensuring(Effect.suspend(() => {
        client.logSocket("closed", null)
        if (client.session !== undefined) client.backend.detach(client.session, client.connection)
        return client.release
      }))
    )
    yield* awaitClientClose(reader, options?.abort ?? Effect.void)
  },
  Effect.scoped,
  (effect) => Effect.ignore(effect)
)
