/**
 * The one mapping of failed requests to reasons: by the status of the response, by the error of the transport, or by the
 * time limit. The token is redacted in whatever a reason quotes.
 */
import * as RetryAfter from "@effect-signalwire/runtime/RetryAfter"
import { redact } from "@effect-signalwire/runtime/Token"
import * as ErrorBody from "@effect-signalwire/schema/ErrorBody"
import {
  type FieldError,
  Forbidden,
  Invalid,
  NotFound,
  RateLimited,
  type Reason,
  ServerError,
  Timeout,
  Transport,
  Unauthorized
} from "@effect-signalwire/schema/Reason"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import { makeError } from "./errors.ts"
import type { HttpResponse } from "./httpResponse.ts"
import { parseJson } from "./parseJson.ts"
import { redactCause, rootMessage } from "./redactedCause.ts"
import { isUnsent } from "./unsent.ts"

/** The most characters that are quoted of an error in a response. */
const maxDetailLength = 500

/**
 * The field errors of an error body. The body is parsed before its strings are redacted, so that no escape sequence in
 * the JSON hides a token.
 */
const decodeFieldErrors = (body: string, secret: string): ReadonlyArray<FieldError> => {
  const quote = (text: string) => redact(text.slice(0, maxDetailLength), secret)
  return ErrorBody.decode(Result.getOrUndefined(parseJson(body))).map(({ attribute, code, message }) => ({
    code: quote(code ?? ""),
    message: quote(message ?? ""),
    attribute: attribute === undefined || attribute === null ? null : quote(attribute)
  }))
}

/** The reason for a response with a status of 400 or more. */
export const fromStatus = (response: HttpResponse, secret: string, clock: Clock.Clock): Reason => {
  const { status } = response
  const errors = decodeFieldErrors(Option.getOrElse(response.body, () => ""), secret)
  const messages = errors.map(({ code, message }) => message === "" ? code : message).join("; ")
  const detail = messages === "" ? `status ${status}` : messages.slice(0, maxDetailLength)
  if (status === 401) return new Unauthorized({ detail })
  if (status === 403) return new Forbidden({ detail })
  if (status === 404) return new NotFound({ detail })
  if (status === 429) {
    const headers = { retryAfter: response.header("retry-after"), date: response.header("date") }
    return new RateLimited({ retryAfterMillis: RetryAfter.millisOf(headers, clock.currentTimeMillisUnsafe()) })
  }
  if (status === 408 || status === 425 || status >= 500) return new ServerError({ status, detail })
  return new Invalid({
    errors: errors.length > 0
      ? errors
      : [{ code: `http_${status}`, message: `the server responded with status ${status}`, attribute: null }]
  })
}

/** The error for a connection that failed, with the transport's own error as its cause. */
export const fromTransportError = (
  method: string,
  error: unknown,
  secret: string,
  isOffline: boolean
): SignalWireHttpError => {
  const cause = redactCause(error, secret)
  const sent = isOffline || isUnsent(error) ? "no" : "unknown"
  return makeError(method, new Transport({ detail: redact(rootMessage(cause), secret), sent }), cause)
}

/** Fails with `Timeout`. The error is created when the effect runs: creating it is the costliest part of a request. */
export const timeout = (method: string, millis: number): Effect.Effect<never, SignalWireHttpError> =>
  Effect.suspend(() => Effect.fail(makeError(method, new Timeout({ millis }))))
