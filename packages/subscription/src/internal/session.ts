/**
 * Runs one session over one socket: dials, authenticates, then reads until the session ends. It never fails: how it
 * ended is its result, and the state machine decides what follows.
 */
import type { Credentials } from "@effect-signalwire/runtime/Credentials"
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import { catchUnexpected, messageOf, stackOf } from "@effect-signalwire/runtime/Thrown"
import * as Uuid from "@effect-signalwire/runtime/Uuid"
import type { AddressOf } from "@effect-signalwire/schema/ConversationMessage"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { WebSocketConstructor } from "effect/socket/Socket"
import * as Authentication from "./authentication.ts"
import type { ResumeParams } from "./connectionMachine.ts"
import { FrameReader } from "./frameReader.ts"
import * as Liveness from "./liveness.ts"
import { PendingRequests } from "./pendingRequests.ts"
import type { SessionEvents, SessionTrigger } from "./sessionEvents.ts"
import { readSession, type SessionResult } from "./sessionReader.ts"
import * as SessionTasks from "./sessionTasks.ts"
import * as Socket from "./socket.ts"

/** Times in milliseconds. */
export interface Timings extends Liveness.Timings {
  /** From the dial to an open socket, and then again to the result of `signalwire.connect`. */
  readonly connect: number
  /** From any other request to its response. */
  readonly request: number
}

/** The options that all sessions of a client share. */
export interface Options {
  readonly url: string
  readonly agent: string
  readonly timings: Timings
  readonly addressOf: AddressOf | undefined
  readonly credentials: Credentials["Service"]
  readonly instrumentation: Instrumentation
}

/** The input of one session. */
export interface SessionInput {
  /** The token to connect with. */
  readonly token: Redacted.Redacted
  /** The session to resume; `null` to begin a new one. */
  readonly resume: ResumeParams | null
  /** Calls `callback` with each trigger for the session, until the scope closes. */
  readonly watchTriggers: (
    callback: (trigger: SessionTrigger) => void
  ) => Effect.Effect<void, never, Scope.Scope>
  /** Completes when another dial may be abandoned after a wake signal. */
  readonly acquireWake: Effect.Effect<void>
  readonly events: SessionEvents
}

/** Logs an exception and returns it as a lost connection. Platforms quote their input, so the message is redacted. */
const reportException = (
  thrown: unknown,
  redact: (text: string) => string,
  instrumentation: Instrumentation
): Effect.Effect<Reason.Transport> =>
  Effect.suspend(() =>
    Effect.as(
      instrumentation.warn("a session ended with an exception; reconnecting", [redact(stackOf(thrown))]),
      new Reason.Transport({ detail: `unexpected exception: ${redact(messageOf(thrown))}` })
    )
  )

type OpenFailure = Pick<SessionResult, "reason" | "retryAfterMillis">

const runSession = Effect.fnUntraced(function*(
  { addressOf, instrumentation, timings, url }: Options,
  { acquireWake, events, resume, watchTriggers }: SessionInput,
  authentication: Authentication.Authentication
): Effect.fn.Return<SessionResult, OpenFailure, WebSocketConstructor | Scope.Scope> {
  const { redact } = authentication
  const clock = yield* Clock.Clock
  const connectId = yield* Uuid.make
  const tasks = yield* SessionTasks.make((thrown) => reportException(thrown, redact, instrumentation))
  const liveness = Liveness.make({ clock, timings, tasks, events, acquireWake })
  yield* watchTriggers(liveness.onTrigger)

  const socket = yield* Effect.mapError(
    Socket.open({ url, timeoutMillis: timings.connect, redact, onDial: tasks.setAbort }),
    ({ reason, retryAfterMillis }): OpenFailure => ({ reason: tasks.failure() ?? reason, retryAfterMillis })
  )
  const { write } = socket
  liveness.onOpen(write)
  const requests = new PendingRequests({ write, timeoutMillis: timings.request, redact })
  const connectTimeout = yield* Effect.sleep(timings.connect).pipe(
    Effect.andThen(tasks.fail(new Reason.Timeout({ millis: timings.connect }))),
    Effect.forkScoped
  )
  yield* write(JsonRpc.request(connectId, JsonRpc.method.connect, authentication.connectParams())).pipe(
    Effect.mapError((reason): OpenFailure => ({ reason, retryAfterMillis: 0 }))
  )
  tasks.fork(liveness.watchdog)
  return yield* readSession({
    socket,
    frames: new FrameReader({ connectId, requests, addressOf, redact }),
    tasks,
    liveness,
    events,
    onConnect: Effect.fnUntraced(function*(result, next) {
      liveness.onReady()
      yield* Fiber.interrupt(connectTimeout)
      yield* authentication.reportExpiry(result)
      yield* events.onReady(next, result.session_restored ?? next.protocol === resume?.protocol)
      yield* authentication.keepCurrent(result, requests, tasks)
    })
  })
})

/** The result of a session that never became ready. */
const notReady = ({ reason, retryAfterMillis }: OpenFailure): SessionResult => ({
  outcome: reason._tag === "Invalid" ? "unsupported" : "lost",
  reason,
  resume: null,
  readyMillis: 0,
  retryAfterMillis
})

/** Runs a session until it ends. An exception of the platform or of an option ends it as a lost connection. */
export const run = (
  options: Options,
  input: SessionInput
): Effect.Effect<SessionResult, never, WebSocketConstructor> =>
  Effect.suspend(() => {
    const { agent, credentials, instrumentation } = options
    const { resume, token } = input
    const authentication = Authentication.make({ agent, token, resume, credentials, instrumentation })
    const result = Effect.catch(
      Effect.scoped(runSession(options, input, authentication)),
      (failure) => Effect.succeed(notReady(failure))
    )
    return catchUnexpected(result, (thrown) =>
      Effect.map(
        reportException(thrown, authentication.redact, instrumentation),
        (reason) => notReady({ reason, retryAfterMillis: 0 })
      ))
  })
