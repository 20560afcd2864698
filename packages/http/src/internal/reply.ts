/**
 * What a server answered, and what that means.
 */
import * as ErrorBody from "@effect-signalwire/schema/ErrorBody"
import {
  type Complaint,
  Forbidden,
  Invalid,
  Malformed,
  NotFound,
  RateLimited,
  type Reason,
  ServerError,
  Unauthorized
} from "@effect-signalwire/schema/Reason"
import { redact } from "@effect-signalwire/schema/Token"
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

/** An answer with its whole body; no body when it was larger than allowed. */
export interface Reply {
  readonly status: number
  readonly contentType: string
  readonly retryAfter: string | undefined
  /** Whether it came from elsewhere than where the request went: the transport followed a redirect. */
  readonly redirected: boolean
  readonly body: Option.Option<string>
}

/** A thousand messages are about 0.4 MB. */
const maxBytes = 32 * 1024 * 1024

/** What adds up the pieces of a text, and says when they are more than is allowed. */
const makeText = () => {
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ""
  return {
    /** Whether there is room for more. */
    add: (piece: Uint8Array): boolean => {
      bytes += piece.byteLength
      if (bytes > maxBytes) return false
      text += decoder.decode(piece, { stream: true })
      return true
    },
    end: (): Option.Option<string> => bytes > maxBytes ? Option.none() : Option.some(text + decoder.decode())
  }
}

type Body = Reply["body"]

const isTooLong = (length: string | null | undefined): boolean => Number(length ?? 0) > maxBytes

/**
 * Straight from `fetch`, and the connection is let go of if it is not read to its end. Through Effect's streams it would
 * take longer than the request itself.
 */
const readWeb = ({ body, headers }: Response): Effect.Effect<Body, unknown> =>
  Effect.callback<Body, unknown>((resume) => {
    if (body === null) return resume(Effect.succeedSome(""))
    const reader = body.getReader()
    // that it can't be let go of says that it is gone
    const letGo = () => void reader.cancel().catch(() => undefined)
    const readAll = async (): Promise<Body> => {
      const text = makeText()
      if (isTooLong(headers.get("content-length"))) {
        letGo()
        return Option.none()
      }
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        if (text.add(read.value)) continue
        letGo()
        break
      }
      return text.end()
    }
    readAll().then((text) => resume(Effect.succeed(text)), (cause) => resume(Effect.fail(cause)))
    return Effect.sync(letGo)
  })

/** From any other client, which lets go of the connection by itself when its stream is not read to its end. */
const readOther = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<Body, unknown> =>
  Effect.suspend((): Effect.Effect<Body, HttpClientError.HttpClientError> => {
    const { "content-encoding": encoding, "content-length": length } = response.headers
    if (isTooLong(length)) return Effect.as(Stream.runHead(response.stream), Option.none())
    if (length !== undefined && encoding === undefined) return Effect.map(response.text, Option.some)
    const text = makeText()
    return response.stream.pipe(
      Stream.takeWhile(text.add),
      Stream.runDrain,
      Effect.catchIf((error) => error.reason._tag === "EmptyBodyError", () => Effect.void),
      Effect.map(text.end)
    )
  }).pipe(Effect.mapError(({ reason }) => reason.cause))

const isRedirected = (url: string, request: HttpClientRequest.HttpClientRequest): boolean =>
  url !== "" && url !== request.url && Option.match(HttpClientRequest.toUrl(request), {
    onNone: () => false,
    onSome: ({ href }) => !URL.canParse(url) || new URL(url).href !== href
  })

/** Takes the whole answer in; fails with what the transport says. */
export const read = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<Reply, unknown> =>
  Option.match(HttpClientResponse.toWeb(response), {
    onNone: () =>
      Effect.map(readOther(response), (body) => ({
        status: response.status,
        contentType: response.headers["content-type"] ?? "",
        retryAfter: response.headers["retry-after"],
        redirected: isRedirected(response.url, response.request),
        body
      })),
    onSome: (web) =>
      Effect.map(readWeb(web), (body) => ({
        status: web.status,
        contentType: web.headers.get("content-type") ?? "",
        retryAfter: web.headers.get("retry-after") ?? undefined,
        redirected: isRedirected(web.url, response.request),
        body
      }))
  })

/** A delay in whole seconds, or a date. */
const retryAfterMillis = (value: string | undefined, now: number): number | null => {
  if (value === undefined || value.trim() === "") return null
  const seconds = Number(value)
  const millis = Number.isNaN(seconds) ? Date.parse(value) - now : seconds * 1000
  return Number.isFinite(millis) ? Math.max(0, millis) : null
}

const parse = (text: string): Result.Result<unknown, undefined> => {
  try {
    const value: unknown = JSON.parse(text)
    return Result.succeed(value)
  } catch {
    return Result.fail(undefined)
  }
}

const maxDetail = 500

const complaintsOf = (text: string): ReadonlyArray<Complaint> =>
  ErrorBody.decode(Result.getOrUndefined(parse(text))).map(({ attribute, code, message }) => ({
    code: code ?? "",
    message: (message ?? "").slice(0, maxDetail),
    attribute: attribute ?? null
  }))

const readJson = (reply: Reply): Result.Result<unknown, Reason> => {
  const malformed = (detail: string) =>
    Result.fail(new Malformed({ path: "", detail: `status ${reply.status} with ${detail}` }))
  if (Option.isNone(reply.body)) return malformed(`a body of more than ${maxBytes} bytes`)
  if (reply.body.value.trim() === "") return malformed("an empty body")
  return Result.orElse(
    parse(reply.body.value),
    () =>
      malformed(`a body that is not JSON${reply.contentType === "" ? "" : ` but ${reply.contentType.slice(0, 100)}`}`)
  )
}

const refusal = (reply: Reply, secret: string, now: number): Reason => {
  const { status } = reply
  const complaints = complaintsOf(redact(Option.getOrElse(reply.body, () => ""), secret))
  const words = complaints.map(({ code, message }) => message === "" ? code : message).join("; ").slice(0, maxDetail)
  const detail = words === "" ? `status ${status}` : words
  if (status === 401) return new Unauthorized({ detail })
  if (status === 403) return new Forbidden({ detail })
  if (status === 404) return new NotFound({ detail })
  if (status === 429) return new RateLimited({ retryAfterMillis: retryAfterMillis(reply.retryAfter, now) })
  if (status === 408 || status >= 500) return new ServerError({ status, detail })
  return new Invalid({
    errors: complaints.length > 0
      ? complaints
      : [{ code: `http_${status}`, message: `the server answered ${status}`, attribute: null }]
  })
}

/** Fetch answers status 0 for a redirect that it does not follow in a browser. */
const isAnswer = (status: number): boolean => (status >= 200 && status < 300) || status >= 400

/** The JSON of a good answer, or why it is none. `secret` is taken out of whatever the server says. */
export const interpret = (reply: Reply, secret: string, now: number): Result.Result<unknown, Reason> => {
  if (!isAnswer(reply.status) || reply.redirected) {
    return Result.fail(
      new Malformed({ path: "", detail: `the server redirects (status ${reply.status}), which is not followed` })
    )
  }
  return reply.status < 300 ? readJson(reply) : Result.fail(refusal(reply, secret, now))
}
