/**
 * Validation of subscriber access tokens, and their redaction in strings.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import { type Invalid, invalidParameter } from "@effect-signalwire/schema/Reason"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

/** Returns the problem of a token, without quoting the token; `undefined` if it is valid. */
const problemOf = (token: unknown): string | undefined => {
  if (typeof token !== "string" || token.trim() === "") {
    return "must be a subscriber access token, which is a non-empty string"
  }
  if (token === "undefined" || token === "null") {
    return `is the string "${token}": the variable that it was read from has no value`
  }
  if (/^bearer(?:\s|$)/i.test(token)) return "must be the token alone, without \"Bearer\" before it"
  // only visible ASCII, since the error of a header that can't be sent quotes the header, and thus the token
  return /^[\x21-\x7e]+$/.test(token)
    ? undefined
    : "has characters that are not allowed in an HTTP header, such as a space or a line break"
}

/**
 * Checks that a value may be a token. `source` says in the message where the token comes from, such as the name of a
 * variable. Fails with `Invalid` for a value that is not a string, is empty, has a space or a line break, begins with
 * `Bearer`, or is the string `undefined` or `null`. The message never quotes the token.
 */
export const check = (token: unknown, source?: string): Result.Result<string, Invalid> => {
  const problem = problemOf(token)
  return problem === undefined && typeof token === "string"
    ? Result.succeed(token)
    : Result.fail(invalidParameter("token", `${source === undefined ? "" : `${source} `}${problem}`))
}

/** {@link check} for a `Redacted` token; fails with `Invalid` for anything else. */
export const checkRedacted = (token: unknown): Result.Result<string, Invalid> =>
  Redacted.isRedacted(token)
    ? check(Redacted.value(token))
    : Result.fail(invalidParameter("token", "must be a Redacted: use Redacted.make(token)"))

/** The length, in characters, from which a substring of a token is redacted. Shorter ones do not reveal the token. */
const minLength = 16

/** Counts the characters that two strings have in common from these positions on. */
const commonLength = (input: string, inputIndex: number, token: string, tokenIndex: number): number => {
  let length = 0
  while (inputIndex + length < input.length && input[inputIndex + length] === token[tokenIndex + length]) length++
  return length
}

/**
 * Replaces every occurrence of a token in a string by `<redacted>`, and every substring of the token that has 16 or
 * more characters, since the string may contain a truncated token.
 */
export const redact = (input: string, token: string): string => {
  if (token === "") return input
  let rest = input.replaceAll(token, "<redacted>")
  let redacted = ""
  for (let index = 0; index + minLength <= rest.length;) {
    const tokenIndex = token.indexOf(rest.slice(index, index + minLength))
    if (tokenIndex < 0) {
      index++
      continue
    }
    redacted += `${rest.slice(0, index)}<redacted>`
    rest = rest.slice(index + commonLength(rest, index, token, tokenIndex))
    index = 0
  }
  return redacted + rest
}
