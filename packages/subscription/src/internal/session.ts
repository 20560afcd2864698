/**
 * One session over one socket: dial, authenticate, then read until it ends. It never fails: how it ended is its value,
 * and what to do about that is decided elsewhere.
 */
import * as Connect from "@effect-signalwire/schema/Connect"
import type { AddressOf } from "@effect-signalwire/schema/ConversationMessage"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import * as Monotonic from "@effect-signalwire/schema/Monotonic"
import * as Reason from "@effect-signalwire/schema/Reason"
import type { Telemetry } from "@effect-signalwire/schema/Telemetry"
import { messageOf, stackOf } from "@effect-signalwire/schema/Thrown"
import * as Token from "@effect-signalwire/schema/Token"
import * as Uuid from "@effect-signalwire/schema/Uuid"
import * as Clock from "effect/Clock"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import type { WebSocketConstructor } from "effect/socket/Socket"
import type * as Signal from "../Signal.ts"
import type { Hints, WakeSignal } from "../Wake.ts"
import * as Inbox from "./inbox.ts"
import type { Resume } from "./phase.ts"
import { Requests } from "./requests.ts"
import * as Socket from "./socket.ts"

/** Milliseconds, all of them. */
export interface Timings {
  /** From dialling to an open socket. */
  readonly open: number
  /** From the open socket to the answer to `signalwire.connect`. */
  readonly connect: number
  /** From any other request to its answer. */
  readonly request: number
  /** After this much silence the server is asked for a sign of life; after twice as much it is taken for dead. */
  readonly heartbeat: number
  /** From a signal of the platform to a sign of life of the server. */
  readonly probe: number
}

export interface Options {
  readonly url: string
  readonly agent: string
  readonly timings: Timings
  /** The most requests that may wait for an answer at once. */
  readonly requestCapacity: number
  readonly addressOf: AddressOf | undefined
  readonly telemetry: Telemetry
}

export interface Start {
  readonly token: Redacted.Redacted
  /** The token now, which may have changed since. */
  readonly currentToken: Effect.Effect<Redacted.Redacted>
  readonly resume: Resume | null
  /** Calls back with each token that replaces the one before it, until the scope closes. */
  readonly onToken: (callback: (token: Redacted.Redacted) => void) => Effect.Effect<void, never, Scope.Scope>
  readonly onReady: (resume: Resume, resumed: boolean) => Effect.Effect<void>
  /** Told when a token expires, as far as the server tells. */
  readonly onExpiry: (token: Redacted.Redacted, at: DateTime.Utc) => Effect.Effect<void>
  /** Calls back with each signal that the connection may have changed, until the scope closes. */
  readonly onHint: Hints
  /** Completes when one more dial may be given up early, as the platform signalled. */
  readonly giveUpTurn: Effect.Effect<void>
  /** What a probe after a signal found: the server gives signs of life, or the dial or session is given up. */
  readonly onProbed: (isAlive: boolean) => void
  /** Hands over how to end the session at once, for another to take its place. */
  readonly onReplaceable: (replace: () => void) => void
  /** The connection may be dead. */
  readonly onDoubt: (reason: Reason.Reason) => Effect.Effect<void>
  /** The server gave a sign of life. */
  readonly onConfirmed: Effect.Effect<void>
  readonly onSignals: (signals: ReadonlyArray<Signal.Signal>) => void
  /** Told of frames, and events in them, that could not be read. */
  readonly onUnreadable: (unreadable: ReadonlyArray<MalformedValue>) => Effect.Effect<void>
}

export interface Ended extends Inbox.End {
  readonly resume: Resume | null
  /** For how long it was ready. */
  readonly readyMillis: number
  /** How long the server asked to be left alone. */
  readonly retryAfterMillis: number
}

const connectParams = (agent: string, { resume, token }: Start): Connect.Params => ({
  version: Connect.version,
  event_acks: true,
  agent,
  authentication: { jwt_token: Redacted.value(token) },
  ...(resume === null ? undefined : { protocol: resume.protocol }),
  ...(resume === null || resume.authorizationState === null
    ? undefined
    : { authorization_state: resume.authorizationState })
})

const replaced = new Reason.Transport({ detail: "another one was asked for" })

const offline = new Reason.Transport({ detail: "the platform is offline" })

/** Reports what something threw that should not; the connection counts as lost. Platforms quote what they are given. */
const exception = (
  thrown: unknown,
  redact: (text: string) => string,
  { warn }: Telemetry
): Effect.Effect<Reason.Transport> =>
  Effect.suspend(() =>
    Effect.as(
      warn("an exception ended the session; it is dialled again", [redact(stackOf(thrown))]),
      new Reason.Transport({ detail: `an exception: ${redact(messageOf(thrown))}` })
    )
  )

/** Why there is no session. */
interface Unopened {
  readonly reason: Reason.Reason
  /** How long the server asked to be left alone. */
  readonly retryAfterMillis: number
}

/** Reads what the session's socket brings, until something ends it. */
const live = Effect.fnUntraced(function*(
  options: Options,
  start: Start
): Effect.fn.Return<Ended, Unopened, WebSocketConstructor | Scope.Scope> {
  const { timings } = options
  const clock = yield* Clock.Clock
  const connectId = yield* Uuid.make
  const scope = yield* Effect.scope
  /** Servers quote what they refuse. */
  const tokens = [Redacted.value(start.token)]
  const redact = (text: string): string => tokens.reduce(Token.redact, text)
  const now = () => Monotonic.millisOf(clock)
  let readyAt: number | undefined
  let lostBy: Reason.Reason | undefined
  let giveUp = constVoid

  const lose = (reason: Reason.Reason): Effect.Effect<void> =>
    Effect.sync(() => {
      lostBy ??= reason
      giveUp()
    })
  /** Has what goes on beside the reading end the session where it fails, or throws. */
  const losing = (effect: Effect.Effect<unknown, Reason.Reason>): Effect.Effect<unknown> =>
    Effect.catchDefect(
      Effect.catch(effect, lose),
      (thrown) => Effect.flatMap(exception(thrown, redact, options.telemetry), lose)
    )
  const context = yield* Effect.context()
  const beside = (effect: Effect.Effect<unknown, Reason.Reason>): void =>
    void Effect.runForkWith(context)(Effect.forkIn(losing(effect), scope))

  /** How often anything was received. */
  let received = 0
  /** Waits for a sign of life, though not as long as it is usually waited for. One at a time. */
  const probing = (
    ask: Effect.Effect<void, Reason.Reason>,
    onEnd: (isAlive: boolean) => void,
    timeoutMillis: () => number = () => timings.probe
  ) => {
    let isProbing = false
    return Effect.suspend(() => {
      if (isProbing) return Effect.void
      isProbing = true
      const before = received
      return ask.pipe(
        Effect.andThen(Effect.suspend(() => Effect.sleep(Math.max(0, timeoutMillis())))),
        Effect.andThen(Effect.suspend(() => {
          const isAlive = received > before
          onEnd(isAlive)
          return isAlive ? Effect.void : lose(new Reason.Timeout({ millis: timings.probe }))
        })),
        Effect.ensuring(Effect.sync(() => {
          isProbing = false
        }))
      )
    })
  }

  // what is dialled as the network changes may never be answered
  const probeDial = probing(start.giveUpTurn, start.onProbed)
  let onSignal: (signal: WakeSignal) => void = (signal) => {
    if (signal === "wake") beside(probeDial)
  }
  yield* start.onHint((signal) => onSignal(signal))
  const began = now()
  // a dial gets its time, however often another one is asked for
  const replaceDial = probing(Effect.void, constVoid, () => timings.probe - (now() - began))
  start.onReplaceable(() => beside(readyAt === undefined ? replaceDial : lose(replaced)))
  const { pull, write, writeAll } = yield* Effect.mapError(
    Socket.open({
      url: options.url,
      timeoutMillis: timings.open,
      redact,
      onDialling: (how) => {
        giveUp = how
      }
    }),
    ({ reason, retryAfterMillis }) => ({ reason: lostBy ?? reason, retryAfterMillis })
  )
  let heardAt = now()
  const requests = new Requests({
    write,
    timeoutMillis: timings.request,
    capacity: options.requestCapacity,
    redact
  })
  const inbox = new Inbox.Inbox({
    connectId,
    requests,
    addressOf: options.addressOf,
    redact
  })

  const tellExpiry = (token: Redacted.Redacted, result: Connect.ReauthenticateResult | undefined) => {
    const at = Connect.expiryOf(result?.authorization)
    return at === undefined ? Effect.void : start.onExpiry(token, at)
  }

  /** A token that changes while the session lives is told to the server; where that fails, a new session uses it. */
  const reauthenticate = (project: string | null, token: Redacted.Redacted) =>
    Effect.suspend(() => {
      const jwt_token = Redacted.value(token)
      tokens.push(jwt_token)
      return Effect.flatMap(
        requests.send(JsonRpc.method.reauthenticate, { authentication: { project, jwt_token } }),
        (result) => tellExpiry(token, Connect.decodeReauthenticateResult(result).pipe(Result.getOrUndefined))
      )
    })

  const ping = Effect.flatMap(
    Uuid.make,
    (id) =>
      write(JsonRpc.request(id, JsonRpc.method.ping, { timestamp: Math.round(clock.currentTimeMillisUnsafe()) / 1000 }))
  )
  const watchdog = Effect.gen(function*() {
    while (true) {
      const silence = now() - heardAt
      if (silence >= 2 * timings.heartbeat) return yield* lose(new Reason.Timeout({ millis: Math.round(silence) }))
      if (silence >= timings.heartbeat) yield* ping
      yield* Effect.sleep(Math.ceil(timings.heartbeat - silence % timings.heartbeat))
    }
  })

  /** Something says that the connection may be dead, and nothing was received since. */
  let isDoubted = false
  const probe = probing(ping, start.onProbed)

  const tooLate = yield* Effect.sleep(timings.connect).pipe(
    Effect.andThen(lose(new Reason.Timeout({ millis: timings.connect }))),
    Effect.forkScoped
  )
  const whileReady = (signal: WakeSignal): void => {
    if (signal === "wake") return beside(probe)
    isDoubted = true
    beside(Effect.andThen(start.onDoubt(offline), probe))
  }
  const onReady = (result: Connect.Result, resume: Resume) =>
    Effect.gen(function*() {
      readyAt = now()
      onSignal = whileReady
      yield* Fiber.interrupt(tooLate)
      yield* tellExpiry(start.token, result)
      yield* start.onReady(resume, result.session_restored ?? resume.protocol === start.resume?.protocol)
      const project = result.authorization.project_id ?? null
      yield* Scope.provide(start.onToken((token) => beside(reauthenticate(project, token))), scope)
      const current = yield* start.currentToken
      if (current !== start.token) beside(reauthenticate(project, current))
    })

  yield* write(JsonRpc.request(connectId, JsonRpc.method.connect, connectParams(options.agent, start))).pipe(
    Effect.mapError((reason): Unopened => ({ reason, retryAfterMillis: 0 }))
  )
  yield* Effect.forkScoped(losing(watchdog))
  const answer = ({ answers, end }: Inbox.Pass): Effect.Effect<Inbox.End | undefined> => {
    const written = answers.length === 0 ? Effect.void : Effect.catch(writeAll(answers), lose)
    // frames that arrive meanwhile come as one batch, and who waits for these does not wait for the answers as well
    return Effect.as(end === undefined ? Effect.andThen(Effect.yieldNow, written) : written, end)
  }
  const handOn = (pass: Inbox.Pass) => {
    if (pass.signals.length > 0) start.onSignals(pass.signals)
    return pass.unreadable.length === 0
      ? answer(pass)
      : Effect.andThen(start.onUnreadable(pass.unreadable), answer(pass))
  }
  const receive = (frames: ReadonlyArray<unknown>): Effect.Effect<Inbox.End | undefined> => {
    heardAt = now()
    received++
    if (isDoubted) {
      isDoubted = false
      return Effect.andThen(start.onConfirmed, read(frames))
    }
    return read(frames)
  }
  const read = (frames: ReadonlyArray<unknown>) => {
    const pass = inbox.read(frames)
    const resume = inbox.resume()
    return pass.ready === undefined || resume === null
      ? handOn(pass)
      : Effect.flatMap(onReady(pass.ready, resume), () => handOn(pass))
  }
  let retryAfterMillis = 0
  // batch by batch: neither while it answers one nor while it waits for the next does it hold what was handed on
  const turn = Effect.matchEffect(pull, {
    onSuccess: receive,
    onFailure: (failure): Effect.Effect<Inbox.End> => {
      retryAfterMillis = failure.retryAfterMillis
      return Effect.succeed({ ending: "lost", reason: lostBy ?? failure.reason })
    }
  })
  let end: Inbox.End | undefined
  while (end === undefined) end = yield* turn
  const readyMillis = readyAt === undefined ? 0 : now() - readyAt
  return { ...end, resume: inbox.resume(), readyMillis, retryAfterMillis }
})

const never = { resume: null, readyMillis: 0 }

/** How a session ended that never began. */
const unopened = ({ reason, retryAfterMillis }: Unopened): Ended => ({
  ...never,
  ending: reason._tag === "Invalid" ? "unsupported" : "lost",
  reason,
  retryAfterMillis
})

/** Runs a session. What the platform, or anything that was given, throws ends it as a connection that was lost. */
export const run = (options: Options, start: Start): Effect.Effect<Ended, never, WebSocketConstructor> =>
  Effect.scoped(live(options, start)).pipe(
    Effect.catch((failure) => Effect.succeed(unopened(failure))),
    Effect.catchDefect((thrown) =>
      Effect.map(
        exception(thrown, (text) => Token.redact(text, Redacted.value(start.token)), options.telemetry),
        (reason): Ended => ({ ...never, ending: "lost", reason, retryAfterMillis: 0 })
      )
    )
  )
