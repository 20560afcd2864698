/**
 * A response and its JSON.
 */
import { redact } from "@effect-signalwire/runtime/Token"
import { Malformed, type Reason } from "@effect-signalwire/schema/Reason"
import type * as Clock from "effect/Clock"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { fromStatus } from "./httpFailure.ts"
import { type HttpResponse, maxBodyBytes } from "./httpResponse.ts"
import { parseJson } from "./parseJson.ts"

const decodeBody = (response: HttpResponse, secret: string): Result.Result<unknown, Reason> => {
  const malformed = (detail: string) => new Malformed({ path: "", detail: `status ${response.status} with ${detail}` })
  if (Option.isNone(response.body)) return Result.fail(malformed(`a body of more than ${maxBodyBytes} bytes`))
  if (response.body.value.trim() === "") return Result.fail(malformed("an empty body"))
  return Result.mapError(
    parseJson(response.body.value),
    () => {
      const type = redact((response.header("content-type") ?? "").slice(0, 100), secret)
      return malformed(`a body that is not JSON${type === "" ? "" : ` but ${type}`}`)
    }
  )
}

/** `fetch` in a browser reports status 0 for a redirect that it does not follow. */
const isRedirectStatus = (status: number): boolean => status < 200 || (status >= 300 && status < 400)

/**
 * Returns the JSON of a successful response, otherwise the reason for the failure. `secret` is redacted in what the
 * reason quotes of the response.
 */
export const decode = (
  response: HttpResponse,
  secret: string,
  clock: Clock.Clock
): Result.Result<unknown, Reason> => {
  const { status } = response
  if (isRedirectStatus(status) || response.isRedirected) {
    const detail = `the server responded with a redirect (status ${status}), which is not followed`
    return Result.fail(new Malformed({ path: "", detail }))
  }
  return status < 300 ? decodeBody(response, secret) : Result.fail(fromStatus(response, secret, clock))
}
