/**
 * Checks of subscriber access tokens, and their removal from text.
 *
 * @since 0.1.0
 */
import { type Invalid, invalidParameter } from "@effect-signalwire/schema/Reason"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

/** What is wrong with a token, in words that do not quote it. */
const problemOf = (token: unknown): string | undefined => {
  if (typeof token !== "string" || token.trim() === "") {
    return "must be a subscriber access token, which is a non-empty string"
  }
  if (token === "undefined" || token === "null") {
    return `is the word "${token}": the variable that it was read from has no value`
  }
  if (/^bearer(?:\s|$)/i.test(token)) return "must be the token alone, without \"Bearer\" before it"
  // visible ASCII: transports quote a header that they can't send, and with it the token
  return /^[\x21-\x7e]+$/.test(token)
    ? undefined
    : "has characters that no HTTP header may carry, such as a space or a line break"
}

/**
 * Checks that a string may be a token. Fails with `Invalid`, whose message never quotes it, for a string that is empty,
 * has a space or a line break, begins with `Bearer`, or is the word `undefined` or `null`. `source` is where it comes
 * from, for the message: a variable's name, for example.
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
    : Result.fail(invalidParameter("token", "must be a Redacted: give Redacted.make(token)"))

/** A piece of a token that is as long, in characters, is taken for the token itself; shorter ones say nothing of it. */
const piece = 16

/** How many characters two strings have in common from two positions on. */
const agreement = (text: string, at: number, token: string, from: number): number => {
  let length = 0
  while (at + length < text.length && text[at + length] === token[from + length]) length++
  return length
}

/**
 * A text with every occurrence of the token replaced by `<redacted>`, and with every piece of it that is 16 characters
 * long or longer: who quotes a token may have cut it.
 */
export const redact = (text: string, token: string): string => {
  if (token === "") return text
  let rest = text.replaceAll(token, "<redacted>")
  let redacted = ""
  for (let at = 0; at + piece <= rest.length;) {
    const from = token.indexOf(rest.slice(at, at + piece))
    if (from < 0) {
      at++
      continue
    }
    redacted += `${rest.slice(0, at)}<redacted>`
    rest = rest.slice(at + agreement(rest, at, token, from))
    at = 0
  }
  return redacted + rest
}
