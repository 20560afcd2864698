/**
 * One session over one socket: dial, authenticate, then read until it ends. It never fails: how it ended is its value,
 * and what to do about that is decided elsewhere.
 */
import * as Connect from "@effect-signalwire/schema/Connect"
import type { AddressOf } from "@effect-signalwire/schema/ConversationMessage"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Reason from "@effect-signalwire/schema/Reason"
import type { Telemetry } from "@effect-signalwire/schema/Telemetry"
import * as Token from "@effect-signalwire/schema/Token"
import * as Uuid from "@effect-signalwire/schema/Uuid"
import * as Clock from "effect/Clock"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { WebSocketConstructor } from "effect/socket/Socket"
import type * as Signal from "../Signal.ts"
import type { Hints } from "../Wake.ts"
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
  /** Which session of the client this will be, once it is ready. */
  readonly session: number
  /** Calls back with each token that replaces the one before it, until the scope closes. */
  readonly onToken: (callback: (token: Redacted.Redacted) => void) => Effect.Effect<void, never, Scope.Scope>
  readonly onReady: (resume: Resume, resumed: boolean) => Effect.Effect<void>
  /** Told when a token expires, as far as the server tells. */
  readonly onExpiry: (token: Redacted.Redacted, at: DateTime.Utc) => Effect.Effect<void>
  /** Calls back with each hint that the connection may have changed, until the scope closes. */
  readonly onHint: Hints
  readonly onSignals: (signals: ReadonlyArray<Signal.Signal>) => void
}

export interface Ended extends Inbox.End {
  readonly resume: Resume | null
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

/** Reads what the session's socket brings, until something ends it. */
const live = Effect.fnUntraced(function*(
  options: Options,
  start: Start
): Effect.fn.Return<Ended, Reason.Reason, WebSocketConstructor | Scope.Scope> {
  const { timings } = options
  const clock = yield* Clock.Clock
  const connectId = yield* Uuid.make
  const scope = yield* Effect.scope
  const { giveUp, pull, write, writeAll } = yield* Socket.open(options.url, timings.open)
  /** Servers quote what they refuse. */
  const tokens = [Redacted.value(start.token)]
  const redact = (text: string): string => tokens.reduce(Token.redact, text)
  const requests = new Requests({
    write,
    timeoutMillis: timings.request,
    capacity: options.requestCapacity,
    redact
  })
  const inbox = new Inbox.Inbox({
    connectId,
    session: start.session,
    requests,
    addressOf: options.addressOf,
    redact
  })
  let heardAt = clock.currentTimeMillisUnsafe()
  let lostBy: Reason.Reason | undefined

  const lose = (reason: Reason.Reason): Effect.Effect<void> =>
    Effect.sync(() => {
      lostBy ??= reason
      giveUp()
    })
  const context = yield* Effect.context()
  /** Does something beside the reading, until the session ends; where it fails, that ends it. */
  const beside = (effect: Effect.Effect<unknown, Reason.Reason>): void =>
    void Effect.runForkWith(context)(Effect.forkIn(Effect.catch(effect, lose), scope))

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
    (id) => write(JsonRpc.request(id, JsonRpc.method.ping, { timestamp: heardAt / 1000 }))
  )
  const watchdog = Effect.gen(function*() {
    while (true) {
      const silence = clock.currentTimeMillisUnsafe() - heardAt
      if (silence >= 2 * timings.heartbeat) return yield* lose(new Reason.Timeout({ millis: silence }))
      if (silence >= timings.heartbeat) yield* ping
      yield* Effect.sleep(timings.heartbeat - silence % timings.heartbeat)
    }
  })

  const tooLate = yield* Effect.sleep(timings.connect).pipe(
    Effect.andThen(lose(new Reason.Timeout({ millis: timings.connect }))),
    Effect.forkScoped
  )
  const onReady = (result: Connect.Result, resume: Resume) =>
    Effect.gen(function*() {
      yield* Fiber.interrupt(tooLate)
      yield* tellExpiry(start.token, result)
      yield* start.onReady(resume, result.session_restored ?? resume.protocol === start.resume?.protocol)
      const project = result.authorization.project_id ?? null
      yield* start.onToken((token) => beside(reauthenticate(project, token)))
      const current = yield* start.currentToken
      if (current !== start.token) beside(reauthenticate(project, current))
    })

  yield* write(JsonRpc.request(connectId, JsonRpc.method.connect, connectParams(options.agent, start)))
  yield* Effect.forkScoped(Effect.catch(watchdog, lose))
  yield* start.onHint(() => beside(ping))
  const answer = ({ answers, end }: Inbox.Pass): Effect.Effect<Inbox.End | undefined> => {
    const written = answers.length === 0 ? Effect.void : Effect.catch(writeAll(answers), lose)
    // frames that arrive meanwhile come as one batch, and who waits for these does not wait for the answers as well
    return Effect.as(end === undefined ? Effect.andThen(Effect.yieldNow, written) : written, end)
  }
  const handOn = (pass: Inbox.Pass) => {
    if (pass.signals.length > 0) start.onSignals(pass.signals)
    return pass.unreadable.length === 0
      ? answer(pass)
      : Effect.andThen(options.telemetry.warn("skipped what could not be read", [pass.unreadable]), answer(pass))
  }
  const receive = (frames: ReadonlyArray<unknown>) => {
    heardAt = clock.currentTimeMillisUnsafe()
    const pass = inbox.read(frames)
    const resume = inbox.resume()
    return pass.ready === undefined || resume === null
      ? handOn(pass)
      : Effect.flatMap(onReady(pass.ready, resume), () => handOn(pass))
  }
  // batch by batch: neither while it answers one nor while it waits for the next does it hold what was handed on
  const turn = Effect.matchEffect(pull, {
    onSuccess: receive,
    onFailure: (reason): Effect.Effect<Inbox.End> => Effect.succeed({ ending: "lost", reason: lostBy ?? reason })
  })
  let end: Inbox.End | undefined
  while (end === undefined) end = yield* turn
  return { ...end, resume: inbox.resume() }
})

export const run = (options: Options, start: Start): Effect.Effect<Ended, never, WebSocketConstructor> =>
  Effect.catch(
    Effect.scoped(live(options, start)),
    (reason): Effect.Effect<Ended> => Effect.succeed({ ending: "lost", reason, resume: null })
  )
