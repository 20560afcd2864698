/**
 * What a server answered, and what that means.
 */
import * as RetryAfter from "@effect-signalwire/runtime/RetryAfter"
import { redact } from "@effect-signalwire/runtime/Token"
import * as Url from "@effect-signalwire/runtime/Url"
import * as ErrorBody from "@effect-signalwire/schema/ErrorBody"
import {
  type FieldError,
  Forbidden,
  Invalid,
  Malformed,
  NotFound,
  RateLimited,
  type Reason,
  ServerError,
  Unauthorized
} from "@effect-signalwire/schema/Reason"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

/** An answer with its whole body; no body when it was larger than allowed. */
export interface Reply {
  readonly status: number
  /** One of its headers; absent ones are `null`. */
  readonly header: (name: string) => string | null
  /** Whether it came from elsewhere than where the request went: the transport followed a redirect. */
  readonly redirected: boolean
  readonly body: Option.Option<string>
}

/** A thousand messages are about 0.4 MB. */
export const maxBytes = 32 * 1024 * 1024

/** A body that was taken in as a whole; none when it has more characters than bytes are allowed. */
export const bounded = (text: string): Reply["body"] => text.length > maxBytes ? Option.none() : Option.some(text)

const readPieces = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<Option.Option<string>, HttpClientError.HttpClientError> =>
  Effect.suspend(() => {
    const decoder = new TextDecoder()
    let bytes = 0
    let text = ""
    return response.stream.pipe(
      Stream.takeUntil((piece) => (bytes += piece.byteLength) > maxBytes),
      Stream.runForEach((piece) =>
        Effect.sync(() => {
          text += decoder.decode(piece, { stream: true })
        })
      ),
      Effect.map(() => bytes > maxBytes ? Option.none() : Option.some(text + decoder.decode())),
      // where there are no streams, as in React Native, it has its text all the same
      Effect.catchIf(
        (error) => error.reason._tag === "EmptyBodyError",
        () => Effect.map(response.text, bounded)
      )
    )
  })

const readBody = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<Option.Option<string>, HttpClientError.HttpClientError> => {
  const length = response.headers["content-length"]
  if (length === undefined || response.headers["content-encoding"] !== undefined) return readPieces(response)
  return Number(length) <= maxBytes ? Effect.map(response.text, Option.some) : Effect.succeedNone
}

const isRedirected = (response: HttpClientResponse.HttpClientResponse): boolean =>
  response.url !== "" && Option.match(HttpClientRequest.toUrl(response.request), {
    onNone: () => false,
    onSome: (url) => Url.parse(response.url)?.href !== url.href
  })

/** Takes the whole answer in. */
export const read = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<Reply, HttpClientError.HttpClientError> =>
  Effect.map(readBody(response), (body) => ({
    status: response.status,
    header: (name) => response.headers[name] ?? null,
    redirected: isRedirected(response),
    body
  }))

const parse = (text: string): Result.Result<unknown, undefined> => {
  try {
    const value: unknown = JSON.parse(text)
    return Result.succeed(value)
  } catch {
    return Result.fail(undefined)
  }
}

const maxDetail = 500

/** What is wrong, in the server's words: those that it wrote, however it escaped them in the body. */
const complaintsOf = (body: string, secret: string): ReadonlyArray<FieldError> => {
  const shown = (text: string) => redact(text.slice(0, maxDetail), secret)
  return ErrorBody.decode(Result.getOrUndefined(parse(body))).map(({ attribute, code, message }) => ({
    code: shown(code ?? ""),
    message: shown(message ?? ""),
    attribute: attribute === undefined || attribute === null ? null : shown(attribute)
  }))
}

const readJson = (reply: Reply, secret: string): Result.Result<unknown, Reason> => {
  const malformed = (detail: string) =>
    Result.fail(new Malformed({ path: "", detail: `status ${reply.status} with ${detail}` }))
  if (Option.isNone(reply.body)) return malformed(`a body of more than ${maxBytes} bytes`)
  if (reply.body.value.trim() === "") return malformed("an empty body")
  return Result.orElse(
    parse(reply.body.value),
    () => {
      const type = redact((reply.header("content-type") ?? "").slice(0, 100), secret)
      return malformed(`a body that is not JSON${type === "" ? "" : ` but ${type}`}`)
    }
  )
}

const refusal = (reply: Reply, secret: string, clock: Clock.Clock): Reason => {
  const { status } = reply
  const complaints = complaintsOf(Option.getOrElse(reply.body, () => ""), secret)
  const words = complaints.map(({ code, message }) => message === "" ? code : message).join("; ").slice(0, maxDetail)
  const detail = words === "" ? `status ${status}` : words
  if (status === 401) return new Unauthorized({ detail })
  if (status === 403) return new Forbidden({ detail })
  if (status === 404) return new NotFound({ detail })
  if (status === 429) {
    const now = clock.currentTimeMillisUnsafe()
    const headers = { retryAfter: reply.header("retry-after"), date: reply.header("date") }
    return new RateLimited({ retryAfterMillis: RetryAfter.millisOf(headers, now) })
  }
  if (status === 408 || status === 425 || status >= 500) return new ServerError({ status, detail })
  return new Invalid({
    errors: complaints.length > 0
      ? complaints
      : [{ code: `http_${status}`, message: `the server answered ${status}`, attribute: null }]
  })
}

/** Fetch answers status 0 for a redirect that it does not follow in a browser. */
const isAnswer = (status: number): boolean => (status >= 200 && status < 300) || status >= 400

/** The JSON of a good answer, or why it is none. `secret` is taken out of whatever the server says. */
export const interpret = (reply: Reply, secret: string, clock: Clock.Clock): Result.Result<unknown, Reason> => {
  if (!isAnswer(reply.status) || reply.redirected) {
    return Result.fail(
      new Malformed({ path: "", detail: `the server redirects (status ${reply.status}), which is not followed` })
    )
  }
  return reply.status < 300 ? readJson(reply, secret) : Result.fail(refusal(reply, secret, clock))
}
