/**
 * One session over one socket: dial, authenticate, then read until it ends. It never fails: how it ended is its value,
 * and what to do about that is decided elsewhere.
 */
import * as Connect from "@effect-signalwire/schema/Connect"
import type { AddressOf } from "@effect-signalwire/schema/ConversationMessage"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Token from "@effect-signalwire/schema/Token"
import * as Uuid from "@effect-signalwire/schema/Uuid"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import type * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { WebSocketConstructor } from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import type * as Signal from "../Signal.ts"
import * as Inbox from "./inbox.ts"
import type { Resume } from "./phase.ts"
import * as Requests from "./requests.ts"
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
}

export interface Start {
  readonly token: Redacted.Redacted
  readonly resume: Resume | null
  /** Which session of the client this will be, once it is ready. */
  readonly session: number
  /** The token now, then each that replaces it. */
  readonly tokens: Stream.Stream<Redacted.Redacted>
  readonly onReady: (resume: Resume, resumed: boolean) => Effect.Effect<void>
  /** Told when a token expires, as far as the server tells. */
  readonly onExpiry: (token: Redacted.Redacted, at: DateTime.Utc) => Effect.Effect<void>
  /** Waits for a hint that the connection may have changed. */
  readonly woken: Effect.Effect<unknown>
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

const reportUnreadable = (unreadable: ReadonlyArray<MalformedValue>): Effect.Effect<void> =>
  Effect.logWarning("skipped what could not be read", unreadable)

export const run: (options: Options, start: Start) => Effect.Effect<Ended, never, WebSocketConstructor> = Effect
  .fnUntraced(function*(options, start) {
    const { timings } = options
    const clock = yield* Clock.Clock
    const connectId = yield* Uuid.make
    const end = yield* Deferred.make<Inbox.End>()
    /** Servers quote what they refuse. */
    const tokens = [Redacted.value(start.token)]
    const redact = (text: string): string => tokens.reduce(Token.redact, text)
    const lose = (reason: Reason.Reason) => Deferred.succeed<Inbox.End, never>(end, { ending: "lost", reason })

    const live = Effect.gen(function*() {
      const { pull, write, writeAll } = yield* Socket.open(options.url, timings.open)
      const requests = Requests.make({
        write,
        newId: Uuid.make,
        timeoutMillis: timings.request,
        capacity: options.requestCapacity,
        redact
      })
      const inbox = Inbox.make({ connectId, session: start.session, requests, addressOf: options.addressOf, redact })
      let heardAt = clock.currentTimeMillisUnsafe()

      /** A token that changes while the session lives is told to the server; where that fails, a new session uses it. */
      const reauthenticate = (project: string | null) =>
        start.tokens.pipe(
          Stream.filter((token) => token !== start.token),
          Stream.runForEach((token) => {
            const jwt_token = Redacted.value(token)
            tokens.push(jwt_token)
            return Effect.flatMap(
              requests.send(JsonRpc.method.reauthenticate, { authentication: { project, jwt_token } }),
              (result) => tellExpiry(token, Connect.decodeReauthenticateResult(result).pipe(Result.getOrUndefined))
            )
          }),
          Effect.catch(lose)
        )

      const tellExpiry = (token: Redacted.Redacted, result: Connect.ReauthenticateResult | undefined) => {
        const at = Connect.expiryOf(result?.authorization)
        return at === undefined ? Effect.void : start.onExpiry(token, at)
      }

      const onReady = Effect.fnUntraced(function*(result: Connect.Result) {
        const resume = inbox.resume()
        if (resume === null) return
        yield* Fiber.interrupt(tooLate)
        yield* tellExpiry(start.token, result)
        yield* start.onReady(resume, result.session_restored ?? resume.protocol === start.resume?.protocol)
        yield* Effect.forkScoped(reauthenticate(result.authorization.project_id ?? null))
      })

      const receive = Effect.flatMap(
        pull,
        Effect.fnUntraced(function*(frames) {
          heardAt = clock.currentTimeMillisUnsafe()
          const { answers, end: ending, ready, signals, unreadable } = inbox.read(frames)
          if (ready !== undefined) yield* onReady(ready)
          if (signals.length > 0) start.onSignals(signals)
          if (unreadable.length > 0) yield* reportUnreadable(unreadable)
          // frames that arrive meanwhile come as one batch, and who waits for these does not wait for the answers as well
          if (ending === undefined) yield* Effect.yieldNow
          if (Arr.isArrayNonEmpty(answers)) yield* writeAll(answers)
          if (ending !== undefined) yield* Deferred.succeed(end, ending)
        })
      )

      const ping = Effect.flatMap(
        Uuid.make,
        (id) => write(JsonRpc.request(id, JsonRpc.method.ping, { timestamp: heardAt / 1000 }))
      )
      const watchdog = Effect.gen(function*() {
        const silence = clock.currentTimeMillisUnsafe() - heardAt
        if (silence >= 2 * timings.heartbeat) return yield* lose(new Reason.Timeout({ millis: silence }))
        if (silence >= timings.heartbeat) yield* ping
        yield* Effect.sleep(timings.heartbeat - silence % timings.heartbeat)
      })

      const tooLate = yield* Effect.sleep(timings.connect).pipe(
        Effect.andThen(lose(new Reason.Timeout({ millis: timings.connect }))),
        Effect.forkScoped
      )
      yield* write(JsonRpc.request(connectId, JsonRpc.method.connect, connectParams(options.agent, start)))
      yield* receive.pipe(
        Effect.forever({ disableYield: true }),
        Effect.catch(lose),
        Effect.forkScoped
      )
      yield* watchdog.pipe(Effect.forever, Effect.catch(lose), Effect.forkScoped)
      yield* start.woken.pipe(Effect.andThen(ping), Effect.forever, Effect.catch(lose), Effect.forkScoped)
      const ended = yield* Deferred.await(end)
      return { ...ended, resume: inbox.resume() }
    })

    return yield* live.pipe(
      Effect.scoped,
      Effect.catch((reason): Effect.Effect<Ended> => Effect.succeed({ ending: "lost", reason, resume: null }))
    )
  })
