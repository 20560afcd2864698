/** Requests over an `HttpClient`, with all that its owner put around it. */
import * as Timeouts from "@effect-signalwire/runtime/Timeouts"
import { isTraced } from "@effect-signalwire/runtime/Tracing"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { read, type Reply } from "./reply.ts"
import type { Request, Transport } from "./transport.ts"

/**
 * Lets go of the connection unless the whole answer was taken in: then nothing is left to let go of, and to end it all
 * the same costs as much as a request does.
 */
const untilTaken = <E>(exchange: Effect.Effect<Reply, E, Scope.Scope>): Effect.Effect<Reply, E> =>
  Effect.suspend(() => {
    const scope = Scope.makeUnsafe()
    return Effect.onExit(
      Scope.provide(exchange, scope),
      (exit) => Exit.isSuccess(exit) && Option.isSome(exit.value.body) ? Effect.void : Scope.close(scope, exit)
    )
  })

const written = ({ body, url }: Request): HttpClientRequest.HttpClientRequest =>
  HttpClientRequest.acceptJson(
    body === undefined
      ? HttpClientRequest.get(url)
      : HttpClientRequest.bodyText(HttpClientRequest.post(url), body, "application/json")
  )

const always = () => true

/** The service allows no headers of ours: with them, browsers would not even send the request. */
const withoutHeaders = <A, E, R>(exchange: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) =>
    isTraced(fiber)
      ? Effect.provideService(exchange, HttpClient.TracerPropagationEnabled, false)
      : Effect.provideService(exchange, HttpClient.TracerDisabledWhen, always)
  )

export const make = (unscoped: HttpClient.HttpClient): Transport => {
  const client = HttpClient.withScope(unscoped)
  return (request, { late, lost, millis, token }) =>
    Timeouts.timeoutAfter(
      client.execute(HttpClientRequest.bearerToken(written(request), token)).pipe(
        Effect.flatMap(read),
        untilTaken,
        withoutHeaders,
        Effect.mapError(({ reason }) => lost(reason.cause))
      ),
      millis,
      late
    )
}
