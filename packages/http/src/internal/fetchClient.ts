/**
 * An HTTP client over `fetch` that follows no redirects, and does no more than a request takes: Effect's own costs about
 * as much again, for it makes spans also where nobody sees them, and keeps track of each response until it is collected.
 */
import { isObserved } from "@effect-signalwire/schema/Observed"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import type { HttpBody } from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"

type Fetch = typeof globalThis.fetch

const failed = (reason: HttpClientError.HttpClientErrorReason) => new HttpClientError.HttpClientError({ reason })

const urlOf = (request: HttpClientRequest.HttpClientRequest): string =>
  request.urlParams.params.length === 0 && Option.isNone(request.hash)
    ? request.url
    : Option.match(HttpClientRequest.toUrl(request), { onNone: () => request.url, onSome: ({ href }) => href })

/** Fetch finds out by itself how long a body is, and some refuse to be told. */
const headersOf = ({ headers }: HttpClientRequest.HttpClientRequest): Record<string, string> => {
  const { "content-length": _, ...others } = headers
  return others
}

/** The body, if it is there as a whole. */
const bodyOf = (body: HttpBody): Option.Option<string | Uint8Array<ArrayBuffer> | FormData | null> => {
  switch (body._tag) {
    case "Empty":
      return Option.some(null)
    case "Uint8Array":
      return Option.some(body.text ?? new Uint8Array(body.body))
    case "FormData":
      return Option.some(body.formData)
    default:
      return Option.none()
  }
}

const send = (
  fetch: Fetch,
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> => {
  const body = bodyOf(request.body)
  if (Option.isNone(body)) {
    return Effect.fail(
      failed(new HttpClientError.EncodeError({ request, description: "a body is sent as a whole or not at all" }))
    )
  }
  return Effect.map(
    Effect.tryPromise({
      try: (signal) =>
        fetch(urlOf(request), {
          method: request.method,
          headers: headersOf(request),
          body: body.value,
          redirect: "manual",
          signal
        }),
      catch: (cause) => failed(new HttpClientError.TransportError({ request, cause }))
    }),
    (response) => HttpClientResponse.fromWeb(request, response)
  )
}

/** The client, with the `Fetch` of the context, and spans for those who see them. */
export const layer: Layer.Layer<HttpClient.HttpClient> = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(FetchHttpClient.Fetch, (given) => {
    const plain = (request: HttpClientRequest.HttpClientRequest, fiber: Context.Context<never>) =>
      send(Context.getOrUndefined(fiber, FetchHttpClient.Fetch) ?? given, request)
    const traced = HttpClient.make((request, _url, _signal, fiber) => plain(request, fiber.context))
    return HttpClient.makeWith(
      Effect.flatMap((request) =>
        Effect.withFiber((fiber) => isObserved(fiber) ? traced.execute(request) : plain(request, fiber.context))
      ),
      Effect.succeed<HttpClientRequest.HttpClientRequest>
    )
  })
)
