/**
 * Requests over `fetch` itself, which follows no redirects: a token belongs to one origin. It loads less than an
 * `HttpClient` and takes less time, and nobody sees spans of it.
 */
import * as Timeouts from "@effect-signalwire/runtime/Timeouts"
import * as Url from "@effect-signalwire/runtime/Url"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import { bounded, maxBytes, type Reply } from "./reply.ts"
import type { Request, Transport } from "./transport.ts"

const readPieces = async (body: ReadableStream<Uint8Array>): Promise<Reply["body"]> => {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ""
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    bytes += read.value.byteLength
    if (bytes > maxBytes) {
      await reader.cancel()
      return Option.none()
    }
    text += decoder.decode(read.value, { stream: true })
  }
  return Option.some(text + decoder.decode())
}

const readBody = async (response: Response): Promise<Reply["body"]> => {
  const length = response.headers.get("content-length")
  // where there are no streams, as in React Native, there is no `body` either
  const body: ReadableStream<Uint8Array> | null | undefined = response.body
  if (Number(length ?? 0) > maxBytes) {
    await body?.cancel()
    return Option.none()
  }
  return body === null || body === undefined || (length !== null && !response.headers.has("content-encoding"))
    ? bounded(await response.text())
    : readPieces(body)
}

const isRedirected = (url: string, asked: string): boolean =>
  url !== "" && url !== asked && Url.parse(url)?.href !== Url.parse(asked)?.href

/** A token belongs to one origin, so no redirects; and no caches, for what they remember may be out of date. */
export const requestInit = { redirect: "manual", cache: "no-store" } as const

const exchange = async (
  fetch: typeof globalThis.fetch,
  { body, url }: Request,
  token: string,
  signal: AbortSignal
): Promise<Reply> => {
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
    redirected: isRedirected(response.url, url),
    body: await readBody(response)
  }
}

export const make = (fetch?: typeof globalThis.fetch): Transport => (request, { late, lost, millis, token }) =>
  Timeouts.callback<Reply, SignalWireHttpError, never, SignalWireHttpError>(
    (resume, signal) => {
      exchange(fetch ?? globalThis.fetch, request, Redacted.value(token), signal)
        .then((reply) => resume(Effect.succeed(reply)), (said) => resume(Effect.suspend(() => Effect.fail(lost(said)))))
    },
    millis,
    late
  )
