/**
 * The socket of the service: JSON-RPC in both directions, sessions that can be resumed, pings, and events that are sent
 * until they are acknowledged.
 *
 * @since 0.1.0
 */
import * as Connect from "@effect-signalwire/schema/Connect"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as SignalWireEvent from "@effect-signalwire/schema/SignalWireEvent"
import * as Arr from "effect/Array"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Socket from "effect/socket/Socket"
import { Backend } from "./Backend.ts"
import { type Action, Faults } from "./Faults.ts"
import { type Connection, eventFrame, type Frame, type Session } from "./internal/sessions.ts"

/** What becomes of a socket that a client wants to open. */
export type Admission =
  | { readonly _tag: "Accepted"; readonly action: Action | undefined }
  /** It is answered with HTTP instead. */
  | { readonly _tag: "Refused"; readonly action: Extract<Action, { readonly type: "answer" }> }
  /** The connection is broken before it is a socket. */
  | { readonly _tag: "Broken" }

/** Asks the faults whether a socket may be opened; after their delay, if they have one. */
export const admit: Effect.Effect<Admission, never, Faults> = Effect.flatMap(Faults, (faults) => {
  const action = faults.isArmed() ? faults.at({ on: "connect" }) : undefined
  switch (action?.type) {
    case "refuse":
    case "drop":
    case "loseAnswer":
      return Effect.succeed<Admission>({ _tag: "Broken" })
    case "answer":
      return Effect.succeed<Admission>({ _tag: "Refused", action })
    case "delay":
      return Effect.delay(Effect.succeed<Admission>({ _tag: "Accepted", action: undefined }), action.millis)
    default:
      return Effect.succeed<Admission>({ _tag: "Accepted", action })
  }
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
}

/** How long a client may take to connect, and to answer a disconnect, in milliseconds. */
const connectTimeout = 10_000
const disconnectTimeout = 1000
/** How long a frame is kept back for a next one, in milliseconds. */
const reorderTimeout = 1000
/** How many frames may wait to be written. */
const outboxCapacity = 4096
/** How long a frame may be, in UTF-16 code units. */
const maxFrame = 1024 * 1024

type Outgoing =
  | { readonly _tag: "Frame"; readonly frame: Frame }
  | { readonly _tag: "Close"; readonly code: number | null }

/** Codes that may not appear in a close frame become "going away". */
const toCloseCode = (code: number): number =>
  (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999)
    ? code
    : 1001

/**
 * Serves one socket until it ends, whichever side ends it. The session it opened can be resumed on another socket.
 */
export const serve: (
  socket: Socket.Socket,
  options?: ServeOptions
) => Effect.Effect<void, never, Backend | Faults> = Effect.fnUntraced(
  function*(socket: Socket.Socket, options?: ServeOptions) {
    const backend = yield* Backend
    const faults = yield* Faults
    const { pull } = yield* socket.reader
    const { write, writeAll } = yield* socket.writer
    const outbox = yield* Queue.dropping<Outgoing>(outboxCapacity)
    const ended = yield* Deferred.make<number | null>()
    const abort = options?.abort ?? Effect.ignore(write(new Socket.CloseEvent(1001)))

    let session: Session | undefined
    let isSilent = options?.admission?.action?.type === "silent"
    let unansweredPings = 0
    /** Requests of ours that wait for an answer, by id, with their method. */
    const asked = new Map<JsonRpc.Id, string>()
    let held: Array<Frame> = []

    const endNow = (code: number | null) => void Deferred.doneUnsafe(ended, Effect.succeed(code))
    const connection: Connection = {
      send: (frame) => {
        if (isSilent) return
        // a client that does not read is let go
        if (!Queue.offerUnsafe(outbox, { _tag: "Frame", frame })) endNow(1013)
      },
      close: endNow
    }
    const send = (text: string, method: string) => connection.send({ text, method, eventType: undefined })
    const request = (method: string, params: unknown) => {
      const id = backend.newId()
      asked.set(id, method)
      send(JsonRpc.request(id, method, params), method)
    }
    /** Closes once everything before it has been written. */
    const closeAfter = (code: number | null) => {
      if (!Queue.offerUnsafe(outbox, { _tag: "Close", code })) endNow(code)
    }
    const restart = Effect.gen(function*() {
      request(JsonRpc.method.disconnect, { restart: true })
      if (session !== undefined) backend.forget(session)
      yield* Effect.forkScoped(Effect.delay(Effect.sync(() => closeAfter(1012)), disconnectTimeout))
    })

    // Out

    const atFrame = (direction: "in" | "out", method: string | undefined, eventType: string | undefined) =>
      faults.isArmed()
        ? faults.at({ on: "frame", direction, method, eventType, subscriberId: session?.subscriberId })
        : undefined
    const writeWithFault = (frame: Frame): Effect.Effect<void, Socket.SocketError, Scope.Scope> => {
      const plain = Effect.suspend(() => {
        if (held.length === 0) return write(frame.text)
        const late = held
        held = []
        return writeAll([frame.text, ...late.map(({ text }) => text)])
      })
      const action = atFrame("out", frame.method, frame.eventType)
      switch (action?.type) {
        case undefined:
        case "answer":
          return plain
        case "refuse":
        case "loseAnswer":
          return Effect.sync(() => endNow(null))
        case "close":
          return Effect.sync(() => endNow(action.code ?? null))
        case "silent":
          return Effect.sync(() => {
            isSilent = true
          })
        case "delay":
          return Effect.delay(plain, action.millis)
        case "duplicate":
          return Effect.andThen(plain, write(frame.text))
        case "reorder":
          return Effect.suspend(() => {
            held.push(frame)
            const release = Effect.suspend(() => {
              if (!held.includes(frame)) return Effect.void
              held = held.filter((other) => other !== frame)
              return write(frame.text)
            })
            return Effect.asVoid(Effect.forkScoped(Effect.ignore(Effect.delay(release, reorderTimeout))))
          })
        case "drop":
          return Effect.void
        case "malformed":
          return write(frame.text.slice(0, frame.text.length >> 1))
        case "restart":
          return restart
      }
    }
    const flush = (texts: ReadonlyArray<string>) => Arr.isReadonlyArrayNonEmpty(texts) ? writeAll(texts) : Effect.void
    const writing = Effect.gen(function*() {
      while (true) {
        let texts: Array<string> = []
        for (const item of yield* Queue.takeAll(outbox)) {
          if (isSilent) continue
          if (item._tag === "Frame" && !faults.isArmed() && held.length === 0) {
            texts.push(item.frame.text)
            continue
          }
          yield* flush(texts)
          texts = []
          if (item._tag === "Frame") yield* writeWithFault(item.frame)
          else endNow(item.code)
        }
        yield* flush(texts)
      }
    })
    const pinging = Effect.gen(function*() {
      while (true) {
        yield* Effect.sleep(backend.settings.pingInterval)
        if (session === undefined || isSilent) continue
        if (unansweredPings >= 2) {
          endNow(null)
          return yield* Effect.never
        }
        unansweredPings++
        request(JsonRpc.method.ping, { timestamp: backend.now() / 1000 })
      }
    })
    const waitingForConnect = Effect.gen(function*() {
      yield* Effect.sleep(connectTimeout)
      if (session === undefined && !isSilent) endNow(1008)
      return yield* Effect.never
    })

    // In

    const reply = (id: JsonRpc.Id, method: string, result: unknown) => send(JsonRpc.reply(id, result), method)
    const refuse = (id: JsonRpc.Id, method: string, code: number | string, message: string) =>
      send(JsonRpc.failure(id, { code, message }), method)
    const authorization = ({ state, token }: Session) => ({
      state,
      result: {
        jti: token.jti,
        project_id: backend.identity.projectId,
        scope: [],
        fabric_subscriber: {
          version: 1,
          expires_at: token.expiresAt,
          subscriber_id: token.subscriberId,
          application_id: null,
          project_id: backend.identity.projectId,
          space_id: backend.identity.spaceId
        }
      }
    })
    const pushState = (state: string) =>
      connection.send(eventFrame(backend.newId(), SignalWireEvent.type.authorizationState, {
        event_type: SignalWireEvent.type.authorizationState,
        params: { authorization_state: state }
      }))
    const unauthorized = "Authentication service failed with status ProtocolError, 401 Unauthorized: {}"

    const connect = Effect.fnUntraced(function*(id: JsonRpc.Id, params: unknown) {
      const { method } = JsonRpc
      if (session !== undefined) {
        return refuse(id, method.connect, JsonRpc.code.invalidRequest, "The session is connected already")
      }
      const decoded = Connect.decodeParams(params)
      if (Result.isFailure(decoded)) {
        const { message, path } = decoded.failure
        return refuse(id, method.connect, JsonRpc.code.invalidParams, `Invalid params: ${path}: ${message}`)
      }
      const { authentication, authorization_state, event_acks, protocol } = decoded.success
      const opened = yield* Effect.result(backend.open({
        token: authentication.jwt_token,
        protocol: protocol ?? undefined,
        state: authorization_state ?? undefined,
        acks: event_acks ?? false
      }))
      if (Result.isFailure(opened)) {
        return refuse(id, method.connect, JsonRpc.code.authenticationFailed, unauthorized)
      }
      const { restored, session: open } = opened.success
      session = open
      const { result, state } = authorization(open)
      const answer: Connect.Result = {
        identity: `${backend.newId()}@sandbox`,
        protocol: open.protocol,
        authorization: result,
        ice_servers: [],
        session_restored: restored
      }
      backend.attach(open, connection, () => {
        reply(id, method.connect, answer)
        pushState(state)
      })
    })
    const reauthenticate = Effect.fnUntraced(function*(id: JsonRpc.Id, params: unknown, open: Session) {
      const { method } = JsonRpc
      const decoded = Connect.decodeReauthenticateParams(params)
      if (Result.isFailure(decoded)) {
        const { message, path } = decoded.failure
        return refuse(id, method.reauthenticate, JsonRpc.code.invalidParams, `Invalid params: ${path}: ${message}`)
      }
      const done = yield* Effect.result(backend.reauthenticate(open, decoded.success.authentication.jwt_token))
      if (Result.isFailure(done)) {
        return refuse(id, method.reauthenticate, JsonRpc.code.authenticationFailed, unauthorized)
      }
      const { result, state } = authorization(open)
      reply(id, method.reauthenticate, { authorization: result })
      pushState(state)
    })
    const onRequest = ({ id, method, params }: Extract<JsonRpc.Frame, { readonly _tag: "Request" }>) => {
      if (method === JsonRpc.method.connect) return connect(id, params)
      if (session === undefined) {
        return Effect.sync(() => refuse(id, method, JsonRpc.code.permissionDenied, "The session is not connected"))
      }
      const open = session
      switch (method) {
        case JsonRpc.method.reauthenticate:
          return reauthenticate(id, params, open)
        case JsonRpc.method.ping:
          return Effect.sync(() => reply(id, method, { timestamp: backend.now() / 1000 }))
        case JsonRpc.method.online:
        case JsonRpc.method.offline:
          return Effect.sync(() => reply(id, method, { code: "200", message: "OK" }))
        default:
          return Effect.sync(() => refuse(id, method, JsonRpc.code.methodNotFound, "Method not found"))
      }
    }
    const onAnswer = (id: JsonRpc.Id, method: string) => {
      asked.delete(id)
      if (session !== undefined) backend.acknowledge(session, id)
      if (method === JsonRpc.method.ping) unansweredPings = 0
      if (method === JsonRpc.method.disconnect) closeAfter(1012)
    }
    const handle = (frame: JsonRpc.Frame, method: string): Effect.Effect<void> =>
      frame._tag === "Request" ? onRequest(frame) : Effect.sync(() => onAnswer(frame.id, method))

    let heldIn: Array<Effect.Effect<void>> = []
    const onText = (text: string): Effect.Effect<void, never, Scope.Scope> => {
      const parsed = text.length > maxFrame ? undefined : JsonRpc.parse(text)
      if (parsed === undefined) return Effect.sync(() => endNow(1009))
      if (Result.isFailure(parsed)) {
        const code = parsed.failure.message === "not JSON" ? JsonRpc.code.parseError : JsonRpc.code.invalidRequest
        return Effect.sync(() => send(JsonRpc.failure(null, { code, message: parsed.failure.message }), ""))
      }
      const frame = parsed.success
      // what answers no request of ours acknowledges an event
      const method = frame._tag === "Request" ? frame.method : asked.get(frame.id) ?? JsonRpc.method.event
      const plain = Effect.suspend(() => {
        const late = heldIn
        heldIn = []
        return Effect.andThen(handle(frame, method), Effect.forEach(late, (one) => one, { discard: true }))
      })
      const action = atFrame("in", method, undefined)
      switch (action?.type) {
        case undefined:
          return plain
        case "refuse":
          return Effect.sync(() => endNow(null))
        case "close":
          return Effect.sync(() => endNow(action.code ?? null))
        case "silent":
          return Effect.sync(() => {
            isSilent = true
          })
        case "delay":
          return Effect.delay(plain, action.millis)
        case "duplicate":
          return Effect.andThen(plain, handle(frame, method))
        case "reorder":
          return Effect.sync(() => {
            heldIn.push(handle(frame, method))
          })
        case "drop":
        case "malformed":
          return Effect.void
        case "answer":
          return frame._tag === "Request"
            ? Effect.sync(() =>
              refuse(frame.id, method, action.code ?? JsonRpc.code.internal, action.message ?? "Internal error")
            )
            : Effect.void
        case "loseAnswer":
          return Effect.gen(function*() {
            const wasSilent = isSilent
            isSilent = true
            yield* plain
            isSilent = wasSilent
            if (action.never !== true) endNow(null)
          })
        case "restart":
          return restart
      }
    }
    const decoder = new TextDecoder()
    const reading = Effect.gen(function*() {
      while (true) {
        for (const chunk of yield* pull) {
          if (!isSilent) yield* onText(typeof chunk === "string" ? chunk : decoder.decode(chunk))
        }
        // lets the rest of what was read arrive as one batch
        yield* Effect.yieldNow
      }
    })

    const closing = Effect.flatMap(
      Deferred.await(ended),
      (code) => code === null ? abort : Effect.ignore(write(new Socket.CloseEvent(toCloseCode(code))))
    )
    const opening = options?.admission?.action
    if (opening?.type === "close") endNow(opening.code ?? null)
    if (opening?.type === "restart") yield* restart
    yield* Effect.raceAllFirst([closing, reading, writing, pinging, waitingForConnect]).pipe(
      Effect.ensuring(Effect.sync(() => {
        if (session !== undefined) backend.detach(session, connection)
      }))
    )
  },
  Effect.scoped,
  (effect) => Effect.ignore(effect)
)
