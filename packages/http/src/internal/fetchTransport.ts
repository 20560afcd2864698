/**
 * A transport over `fetch`. It is smaller and faster than one over `HttpClient`, and makes no spans of requests.
 */
import * as Url from "@effect-signalwire/runtime/Url"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import { type HttpResponse, limitBody, maxBodyBytes } from "./httpResponse.ts"
import { timedCallback } from "./timedCallback.ts"
import type { Request, Transport } from "./transport.ts"

const readStream = async (body: ReadableStream<Uint8Array>): Promise<HttpResponse["body"]> => {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ""
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    bytes += read.value.byteLength
    if (bytes > maxBodyBytes) {
      await reader.cancel()
      return Option.none()
    }
    text += decoder.decode(read.value, { stream: true })
  }
  return Option.some(text + decoder.decode())
}

const readBody = async (response: Response): Promise<HttpResponse["body"]> => {
  const length = response.headers.get("content-length")
  // a platform without streams, such as React Native, has no `body`
  const body: ReadableStream<Uint8Array> | null | undefined = response.body
  if (Number(length ?? 0) > maxBodyBytes) {
    await body?.cancel()
    return Option.none()
  }
  // the length of a compressed body says nothing about its size
  return body === null || body === undefined || (length !== null && !response.headers.has("content-encoding"))
    ? limitBody(await response.text())
    : readStream(body)
}

const isRedirected = (responseUrl: string, requestUrl: string): boolean =>
  responseUrl !== "" && responseUrl !== requestUrl && Url.parse(responseUrl)?.href !== Url.parse(requestUrl)?.href

/** No redirects, since a token belongs to one origin, and no HTTP caches, which may be out of date. */
export const requestInit = { redirect: "manual", cache: "no-store" } as const

const exchange = async (
  fetch: typeof globalThis.fetch,
  { body, url }: Request,
  token: string,
  signal: AbortSignal
): Promise<HttpResponse> => {
  const accept = "application/json"
  const authorization = `Bearer ${token}`
  const response = await fetch(
    url,
    body === undefined
      ? { ...requestInit, method: "GET", signal, headers: { accept, authorization } }
      : { ...requestInit, method: "POST", signal, headers: { accept, authorization, "content-type": accept }, body }
  )
  return {
    status: response.status,
    header: (name) => response.headers.get(name),
    isRedirected: isRedirected(response.url, url),
    body: await readBody(response)
  }
}

export const make =
  (fetch?: typeof globalThis.fetch): Transport => (request, { onError, onTimeout, timeoutMillis, token }) =>
    timedCallback<HttpResponse, SignalWireHttpError, never, SignalWireHttpError>(
      (resume, signal) => {
        exchange(fetch ?? globalThis.fetch, request, Redacted.value(token), signal).then(
          (response) => resume(Effect.succeed(response)),
          (error) => resume(Effect.suspend(() => Effect.fail(onError(error))))
        )
      },
      timeoutMillis,
      onTimeout
    )
