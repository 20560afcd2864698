/**
 * Authorized requests: the current token is added, a token that the server rejects is renewed once, and every failure is
 * a `SignalWireHttpError`.
 */
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import { catchUnexpected } from "@effect-signalwire/runtime/Thrown"
import * as Token from "@effect-signalwire/runtime/Token"
import { Closed, Unauthorized } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as SendAttempt from "../SendAttempt.ts"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import type { Client } from "./client.ts"
import { fromResult, makeError } from "./errors.ts"
import * as HttpFailure from "./httpFailure.ts"
import type { HttpResponse } from "./httpResponse.ts"
import { isOffline } from "./offline.ts"
import { redactCause } from "./redactedCause.ts"
import * as Response from "./response.ts"
import { type AttemptLimits, withRetry } from "./retry.ts"
import type { Request } from "./transport.ts"
import * as Urls from "./urls.ts"

/** A request on behalf of a method of the service. */
export interface Call {
  readonly method: string
  readonly request: Request
  /** Where to record whether the request may have been processed, for one that must not be processed twice. */
  readonly sendAttempt?: SendAttempt.SendAttempt | undefined
}

export const get = ({ baseUrl }: Client, path: ReadonlyArray<string>, query?: Urls.Query): Request => ({
  url: Urls.make(baseUrl, path, query)
})

/** A POST of JSON. */
export const post = ({ baseUrl }: Client, path: ReadonlyArray<string>, body: unknown): Request => ({
  url: Urls.make(baseUrl, path),
  body: JSON.stringify(body)
})

/**
 * Maps an exception that the transport throws, or that is thrown as its response is read, to a lost connection, and an
 * interruption within the transport too.
 */
const catchException = <A>(
  effect: Effect.Effect<A, SignalWireHttpError>,
  { instrumentation }: Client,
  method: string,
  secret: string
): Effect.Effect<A, SignalWireHttpError> =>
  catchUnexpected(effect, (defect) => {
    const error = HttpFailure.fromTransportError(method, defect, secret, false)
    return Effect.andThen(
      instrumentation.warn(
        "a request failed with an exception, which is treated as a lost connection",
        [error.cause ?? error.message],
        { operation: method }
      ),
      Effect.fail(error)
    )
  })

const exchange = (
  client: Client,
  { method, request, sendAttempt }: Call,
  token: Redacted.Redacted,
  timeoutMillis: number
): Effect.Effect<HttpResponse, SignalWireHttpError> => {
  if (client.isClosed) return Effect.fail(makeError(method, new Closed()))
  const secret = Redacted.value(token)
  const checked = Token.check(secret)
  if (Result.isFailure(checked)) {
    return Effect.fail(makeError(method, new Unauthorized({ detail: checked.failure.message })))
  }
  const offline = isOffline()
  const onError = (error: unknown) => HttpFailure.fromTransportError(method, error, secret, offline)
  // a server on this machine needs no network
  if (offline && !client.isLoopback) {
    return Effect.suspend(() => Effect.fail(onError(new Error("the platform is offline"))))
  }
  if (sendAttempt !== undefined) sendAttempt.mayBeStored = true
  const response = Effect.suspend(() =>
    client.transport(request, { token, timeoutMillis, onTimeout: HttpFailure.timeout(method, timeoutMillis), onError })
  )
  return catchException(response, client, method, secret)
}

const renewToken = (
  client: Client,
  method: string,
  rejected: Redacted.Redacted,
  timeoutMillis: number
): Effect.Effect<Redacted.Redacted, SignalWireHttpError> => {
  const onTimeout = Effect.suspend(() => {
    const detail = `no new token was provided within ${timeoutMillis} ms`
    return Effect.fail(makeError(method, new Unauthorized({ detail, isRetryable: true })))
  })
  return client.credentials.renew(rejected).pipe(
    Effect.mapError((error) => {
      const secret = Redacted.value(rejected)
      const reason = new Unauthorized({ detail: Token.redact(error.detail, secret), isRetryable: error.isRetryable })
      return makeError(method, reason, redactCause(error, secret))
    }),
    Effect.timeoutOrElse({ duration: timeoutMillis, orElse: () => onTimeout })
  )
}

/** Whether the response shows that the server did not process the request. */
const isRejected = ({ status }: HttpResponse): boolean => status >= 400 && status < 500 && status !== 408

const attempt = (
  client: Client,
  call: Call,
  { deadline, timeoutMillis }: AttemptLimits
): Effect.Effect<unknown, SignalWireHttpError> =>
  Effect.clockWith((clock) => {
    const timeLeft = () => Math.max(0, Math.min(timeoutMillis, deadline - Monotonic.millisOf(clock)))
    const execute = (token: Redacted.Redacted) =>
      Effect.map(exchange(client, call, token, timeLeft()), (response) => {
        if (call.sendAttempt !== undefined && isRejected(response)) call.sendAttempt.mayBeStored = false
        return response
      })
    const decode = (response: HttpResponse, token: Redacted.Redacted) => {
      const secret = Redacted.value(token)
      const decoded = Effect.suspend(() => fromResult(call.method, Response.decode(response, secret, clock)))
      return catchException(decoded, client, call.method, secret)
    }
    return Effect.flatMap(
      client.credentials.current,
      (token) =>
        Effect.flatMap(execute(token), (response) => {
          if (response.status !== 401) return decode(response, token)
          return Effect.flatMap(
            renewToken(client, call.method, token, timeLeft()),
            (renewed) => Effect.flatMap(execute(renewed), (response) => decode(response, renewed))
          )
        })
    )
  })

/** Executes a request that may be processed twice, retries it, and returns the JSON of the response. */
export const executeWithRetry = (client: Client, call: Call): Effect.Effect<unknown, SignalWireHttpError> =>
  withRetry(client, (limits) => attempt(client, call, limits))

/**
 * Executes a request once, and again only if the server rejected the token with 401. Returns the JSON of the response.
 */
export const executeOnce = (client: Client, call: Call): Effect.Effect<unknown, SignalWireHttpError> =>
  attempt(client, call, { timeoutMillis: client.timeouts.onceMillis, deadline: Number.POSITIVE_INFINITY })
