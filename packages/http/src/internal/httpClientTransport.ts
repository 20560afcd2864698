/** A transport over Effect's `HttpClient`, with whatever middleware the application has added to it. */
import { isTraced } from "@effect-signalwire/runtime/Tracing"
import * as Url from "@effect-signalwire/runtime/Url"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { type HttpResponse, limitBody, maxBodyBytes } from "./httpResponse.ts"
import type { Request, Transport } from "./transport.ts"

const readStream = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<HttpResponse["body"], HttpClientError.HttpClientError> =>
  Effect.suspend(() => {
    const decoder = new TextDecoder()
    let bytes = 0
    let text = ""
    return response.stream.pipe(
      Stream.takeUntil((chunk) => (bytes += chunk.byteLength) > maxBodyBytes),
      Stream.runForEach((chunk) =>
        Effect.sync(() => {
          text += decoder.decode(chunk, { stream: true })
        })
      ),
      Effect.map(() => bytes > maxBodyBytes ? Option.none() : Option.some(text + decoder.decode())),
      // a platform without streams, such as React Native, reports an empty body here
      Effect.catchIf(
        (error) => error.reason._tag === "EmptyBodyError",
        () => Effect.map(response.text, limitBody)
      )
    )
  })

const readBody = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<HttpResponse["body"], HttpClientError.HttpClientError> => {
  const length = response.headers["content-length"]
  // the length of a compressed body says nothing about its size
  if (length === undefined || response.headers["content-encoding"] !== undefined) return readStream(response)
  return Number(length) <= maxBodyBytes ? Effect.map(response.text, Option.some) : Effect.succeedNone
}

const isRedirected = (response: HttpClientResponse.HttpClientResponse): boolean =>
  Option.match(HttpClientRequest.toUrl(response.request), {
    onNone: () => false,
    // that of the request where the platform does not report another one
    onSome: (url) => Url.parse(response.url)?.href !== url.href
  })

const readResponse = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<HttpResponse, HttpClientError.HttpClientError> =>
  Effect.map(readBody(response), (body) => ({
    status: response.status,
    header: (name) => response.headers[name] ?? null,
    isRedirected: isRedirected(response),
    body
  }))

/**
 * Closes the scope, and with it the connection, unless the whole body was read: then nothing is left to release, and
 * closing the scope would cost as much as a request does.
 */
const closeUnlessRead = <E>(exchange: Effect.Effect<HttpResponse, E, Scope.Scope>): Effect.Effect<HttpResponse, E> =>
  Effect.suspend(() => {
    const scope = Scope.makeUnsafe()
    return Effect.onExit(
      Scope.provide(exchange, scope),
      (exit) => Exit.isSuccess(exit) && Option.isSome(exit.value.body) ? Effect.void : Scope.close(scope, exit)
    )
  })

const toClientRequest = ({ body, url }: Request): HttpClientRequest.HttpClientRequest =>
  HttpClientRequest.acceptJson(
    body === undefined
      ? HttpClientRequest.get(url)
      : HttpClientRequest.bodyText(HttpClientRequest.post(url), body, "application/json")
  )

const always = () => true

/** The service allows no tracing headers: browsers would not even send a request that has them. */
const withoutTracingHeaders = <A, E, R>(exchange: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) =>
    isTraced(fiber)
      ? Effect.provideService(exchange, HttpClient.TracerPropagationEnabled, false)
      : Effect.provideService(exchange, HttpClient.TracerDisabledWhen, always)
  )

export const make = (httpClient: HttpClient.HttpClient): Transport => {
  const client = HttpClient.withScope(httpClient)
  return (request, { onError, onTimeout, timeoutMillis, token }) =>
    timeoutMillis <= 0 ? onTimeout : client.execute(
      HttpClientRequest.bearerToken(toClientRequest(request), token)
    ).pipe(
      Effect.flatMap(readResponse),
      closeUnlessRead,
      withoutTracingHeaders,
      Effect.mapError(({ reason }) => onError(reason.cause)),
      Effect.timeoutOrElse({ duration: timeoutMillis, orElse: () => onTimeout })
    )
}
