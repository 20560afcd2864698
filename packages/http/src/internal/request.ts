/**
 * One authorised request: the token goes in, a refused token is renewed once, and every failure has its reason.
 */
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as Timeouts from "@effect-signalwire/runtime/Timeouts"
import * as Token from "@effect-signalwire/runtime/Token"
import { Closed, Timeout, Transport, Unauthorized } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Posting } from "../Posting.ts"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import { describe, isUnsent, withoutSecret } from "./cause.ts"
import type { Client } from "./client.ts"
import { failed, lift } from "./errors.ts"
import type { Query } from "./inputs.ts"
import { isOffline } from "./offline.ts"
import { interpret, type Reply } from "./reply.ts"
import { within } from "./retry.ts"
import type { Request } from "./transport.ts"
import * as Urls from "./urls.ts"

/** A request on behalf of a method of the service. */
export interface Call {
  readonly method: string
  readonly request: Request
  /** Where to note whether it is under way, for a request that must not be processed twice. */
  readonly posting?: Posting | undefined
}

/** How long an attempt may take in milliseconds, and by when it must have ended, by the monotonic clock. */
interface Limits {
  readonly timeout: number
  readonly deadline: number
}

/** Asks for a resource. */
export const get = ({ origin }: Client, path: ReadonlyArray<string>, query?: Query): Request => ({
  url: Urls.make(origin, path, query)
})

/** Posts JSON to a resource. */
export const post = ({ origin }: Client, path: ReadonlyArray<string>, body: unknown): Request => ({
  url: Urls.make(origin, path),
  body: JSON.stringify(body)
})

const timeLeft = ({ deadline, timeout }: Limits, now: number): number => Math.max(0, Math.min(timeout, deadline - now))

/** A connection that was lost, as the transport said. */
const lost = (method: string, said: unknown, secret: string, offline: boolean): SignalWireHttpError => {
  const cause = withoutSecret(said, secret)
  const sent = offline || isUnsent(said) ? "no" : "unknown"
  return failed(method, new Transport({ detail: Token.redact(describe(cause), secret), sent }), cause)
}

/** What a transport throws, or an answer of its own kind has thrown as it is read, counts as a lost connection. */
const surviving = <A>(
  effect: Effect.Effect<A, SignalWireHttpError>,
  { telemetry }: Client,
  method: string,
  secret: string
): Effect.Effect<A, SignalWireHttpError> =>
  Effect.catchDefect(effect, (thrown) => {
    const failure = lost(method, thrown, secret, false)
    const said = failure.cause ?? failure.message
    return Effect.andThen(
      telemetry.warn("an exception ended a request; it counts as a lost connection", [said], {
        "signalwire.method": method
      }),
      Effect.fail(failure)
    )
  })

const exchange = (
  client: Client,
  { method, posting, request }: Call,
  token: Redacted.Redacted,
  millis: number
): Effect.Effect<Reply, SignalWireHttpError> => {
  if (client.isClosed) return Effect.fail(failed(method, new Closed()))
  const secret = Redacted.value(token)
  const sendable = Token.check(secret)
  if (Result.isFailure(sendable)) {
    return Effect.fail(failed(method, new Unauthorized({ detail: sendable.failure.message })))
  }
  const offline = isOffline()
  // a server on this machine needs no network
  if (offline && !client.isLoopback) {
    return Effect.suspend(() => Effect.fail(lost(method, new Error("the platform is offline"), secret, true)))
  }
  if (posting !== undefined) posting.isUnderWay = true
  const asked = Effect.suspend(() =>
    client.transport(request, {
      token,
      millis,
      // made when needed: an error is the dearest thing that a request can make
      late: Effect.suspend(() => Effect.fail(failed(method, new Timeout({ millis })))),
      lost: (said) => lost(method, said, secret, offline)
    })
  )
  return surviving(asked, client, method, secret)
}

const renew = (
  client: Client,
  method: string,
  refused: Redacted.Redacted,
  millis: number
): Effect.Effect<Redacted.Redacted, SignalWireHttpError> =>
  Timeouts.timeoutAfter(
    Effect.mapError(client.credentials.renew(refused), (error) => {
      const secret = Redacted.value(refused)
      const detail = Token.redact(error.detail, secret)
      return failed(method, new Unauthorized({ detail, isRetryable: error.isRetryable }), withoutSecret(error, secret))
    }),
    millis,
    Effect.suspend(() => {
      const detail = `no other token was given within ${millis} ms`
      return Effect.fail(failed(method, new Unauthorized({ detail, isRetryable: true })))
    })
  )

/** Whether an answer says that nothing was done. */
const isTurnedAway = ({ status }: Reply): boolean => status >= 400 && status < 500 && status !== 408

const attempt = (client: Client, call: Call, limits: Limits): Effect.Effect<unknown, SignalWireHttpError> =>
  Effect.clockWith((clock) => {
    const left = () => timeLeft(limits, Monotonic.millisOf(clock))
    const ask = (token: Redacted.Redacted) =>
      Effect.map(exchange(client, call, token, left()), (reply) => {
        if (call.posting !== undefined && isTurnedAway(reply)) call.posting.isUnderWay = false
        return reply
      })
    const answer = (reply: Reply, token: Redacted.Redacted) => {
      const secret = Redacted.value(token)
      const read = Effect.suspend(() => lift(call.method, interpret(reply, secret, clock)))
      return surviving(read, client, call.method, secret)
    }
    return Effect.flatMap(
      client.credentials.current,
      (token) =>
        Effect.flatMap(ask(token), (reply) => {
          if (reply.status !== 401) return answer(reply, token)
          return Effect.flatMap(
            renew(client, call.method, token, left()),
            (renewed) => Effect.flatMap(ask(renewed), (reply) => answer(reply, renewed))
          )
        })
    )
  })

/** For what may be repeated: tried again while the failure may heal. Answers the body's JSON. */
export const repeatable = (client: Client, call: Call): Effect.Effect<unknown, SignalWireHttpError> =>
  within(
    (deadline, timeout) => attempt(client, call, { timeout, deadline }),
    client.patience
  )

/** For what must not be processed twice: one request, and a second only when the first was turned away with 401. */
export const once = (client: Client, call: Call): Effect.Effect<unknown, SignalWireHttpError> =>
  attempt(client, call, { timeout: client.patience.once, deadline: Number.POSITIVE_INFINITY })
