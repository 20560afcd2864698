/**
 * The socket of the service: JSON-RPC in both directions, sessions that can be resumed, pings, and events that are sent
 * until they are acknowledged.
 *
 * @since 0.1.0
 */
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Socket from "effect/socket/Socket"
import { Backend } from "./Backend.ts"
import { type Action, Faults } from "./Faults.ts"
import * as Incoming from "./internal/incoming.ts"
import * as Outgoing from "./internal/outgoing.ts"
import * as Peer from "./internal/peer.ts"

/** What becomes of a socket that a client wants to open. */
export type Admission =
  | { readonly _tag: "Accepted"; readonly action: Action | undefined }
  /** It is answered with HTTP instead. */
  | { readonly _tag: "Refused"; readonly action: Extract<Action, { readonly type: "answer" }> }
  /** The connection is broken before it is a socket. */
  | { readonly _tag: "Broken" }

const admissionOf = (action: Action | undefined): Effect.Effect<Admission> => {
  switch (action?.type) {
    case "refuse":
    case "drop":
    case "loseAnswer":
      return Effect.succeed({ _tag: "Broken" })
    case "answer":
      return Effect.succeed({ _tag: "Refused", action })
    case "delay":
      return Effect.delay(Effect.succeed<Admission>({ _tag: "Accepted", action: undefined }), action.millis)
    default:
      return Effect.succeed({ _tag: "Accepted", action })
  }
}

const full: Admission = {
  _tag: "Refused",
  action: { type: "answer", status: 503, headers: { "retry-after": "1" }, body: { error: "Too many sockets" } }
}

/** Asks whether there is room for another socket, and the faults whether it may be opened; after their delay. */
export const admit: Effect.Effect<Admission, never, Backend | Faults> = Effect.gen(function*() {
  const { settings, sockets, wireLog } = yield* Backend
  const isFull = sockets.size >= settings.maxSockets
  const faults = yield* Faults
  const action = !isFull && faults.isArmed() ? faults.at({ on: "connect" }) : undefined
  const admission = isFull ? full : yield* admissionOf(action)
  if (admission._tag !== "Accepted") {
    wireLog.add({
      on: "refused",
      connection: wireLog.nextId(),
      session: null,
      subscriberId: null,
      fault: action?.type ?? null
    })
  }
  return admission
})

/** How a socket is served. */
export interface ServeOptions {
  /** What {@link admit} said; by default the socket is accepted. */
  readonly admission?: Extract<Admission, { readonly _tag: "Accepted" }> | undefined
  /**
   * Ends the connection without a close frame.
   * @default closes with code 1001
   */
  readonly abort?: Effect.Effect<void> | undefined
  /**
   * Waits until most of what was written has left this process.
   * @default does not wait
   */
  readonly awaitDrain?: Effect.Effect<void> | undefined
}

/** How long a client may take to connect, in milliseconds. */
const connectTimeout = 10_000

/** How long a client may take to answer a close frame, in milliseconds; then the connection is broken. */
const closeTimeout = 2000

/** How much a client may still send meanwhile, in bytes or UTF-16 code units. */
const maxBytesAfterClose = 1024 * 1024

/** Waits for the end of a connection that was closed, and breaks it when that does not come. */
const awaitClose = ({ pull }: Socket.Reader, abort: Effect.Effect<void>): Effect.Effect<void> => {
  let received = 0
  return pull.pipe(
    Effect.repeat({
      until: (chunks) => {
        for (const chunk of chunks) received += chunk.length
        return received > maxBytesAfterClose
      }
    }),
    Effect.timeoutOption(closeTimeout),
    // it failed when the connection has ended
    Effect.matchEffect({ onFailure: () => Effect.void, onSuccess: () => abort })
  )
}

/** Codes that may not appear in a close frame become "going away". */
const toCloseCode = (code: number): number =>
  (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999)
    ? code
    : 1001

const pinging = (peer: Peer.Peer): Effect.Effect<never, never, Scope.Scope> =>
  Effect.gen(function*() {
    while (true) {
      yield* Effect.sleep(peer.backend.settings.pingInterval)
      if (peer.session === undefined || peer.isSilent) continue
      // it may resume, but it should know that it needs another token
      if (peer.backend.lapsed(peer.session)) yield* Peer.disconnect(peer, false)
      if (peer.unansweredPings >= 2) {
        peer.end(null)
        return yield* Effect.never
      }
      peer.unansweredPings++
      peer.request(JsonRpc.method.ping, { timestamp: peer.backend.now() / 1000 })
    }
  })

const waitingForConnect = (peer: Peer.Peer): Effect.Effect<never> =>
  Effect.gen(function*() {
    yield* Effect.sleep(connectTimeout)
    if (peer.session === undefined && !peer.isSilent) peer.end(1008)
    return yield* Effect.never
  })

/**
 * Serves one socket until it ends, whichever side ends it. The session it opened can be resumed on another socket.
 */
export const serve: (
  socket: Socket.Socket,
  options?: ServeOptions
) => Effect.Effect<void, never, Backend | Faults> = Effect.fnUntraced(
  function*(socket: Socket.Socket, options?: ServeOptions) {
    const backend = yield* Backend
    const peer = yield* Peer.make(backend, yield* Faults)
    backend.sockets.add(peer.connection)
    yield* Effect.addFinalizer(() => Effect.sync(() => backend.sockets.delete(peer.connection)))
    const reader = yield* socket.reader
    const writer = yield* socket.writer
    const closing = Effect.flatMap(Deferred.await(peer.ended), (code) =>
      code === null && options?.abort !== undefined
        ? options.abort
        : writer.write(new Socket.CloseEvent(toCloseCode(code ?? 1001))))

    const opening = options?.admission?.action
    peer.logSocket("opened", opening?.type ?? null)
    if (opening?.type === "silent") peer.isSilent = true
    if (opening?.type === "close") peer.end(opening.code ?? null)
    if (opening?.type === "restart") yield* Peer.disconnect(peer, true)
    yield* Effect.raceAllFirst([
      closing,
      Incoming.run(peer, reader),
      Outgoing.run(peer, writer, options?.awaitDrain ?? Effect.void),
      pinging(peer),
      waitingForConnect(peer)
    ]).pipe(
      Effect.ensuring(Effect.suspend(() => {
        peer.logSocket("closed", null)
        if (peer.session !== undefined) peer.backend.detach(peer.session, peer.connection)
        return peer.release
      }))
    )
    yield* awaitClose(reader, options?.abort ?? Effect.void)
  },
  Effect.scoped,
  (effect) => Effect.ignore(effect)
)
