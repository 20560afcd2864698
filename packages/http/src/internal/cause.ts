/**
 * Original failures, fit to be shown. Transports put requests, with their `Authorization` header, into the errors they
 * raise, and quote refused header values in messages; what callers see holds neither.
 */

import { redact } from "@effect-signalwire/schema/Token"

const maxDepth = 8

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Array.isArray(value) || value instanceof Error
}

const isHarmless = (value: unknown, secret: string, depth: number): boolean => {
  if (typeof value === "string") return !value.includes(secret)
  if (typeof value === "function") return false
  if (typeof value !== "object" || value === null) return true
  if (depth >= maxDepth || !isPlain(value)) return false
  if (value instanceof Error && !isHarmless(value.stack, secret, depth)) return false
  return Reflect.ownKeys(value).every((key) => isHarmless(Reflect.get(value, key), secret, depth + 1))
}

const copy = (error: Error, secret: string, depth: number): Error => {
  const cause = error.cause instanceof Error && depth < maxDepth ? copy(error.cause, secret, depth + 1) : undefined
  const safe = new Error(redact(error.message, secret), cause === undefined ? undefined : { cause })
  safe.name = redact(error.name, secret)
  if (error.stack !== undefined) safe.stack = redact(error.stack, secret)
  return safe
}

/**
 * The original failure when it holds nothing but plain data without the secret, else a copy of its messages with the
 * secret taken out; nothing for what is no error at all.
 */
export const withoutSecret = (cause: unknown, secret: string): Error | undefined => {
  if (!(cause instanceof Error)) return undefined
  return secret === "" || isHarmless(cause, secret, 0) ? cause : copy(cause, secret, 0)
}

/** What lies at the bottom of a failure, in its own words. */
export const describe = (cause: Error | undefined): string => {
  let deepest = cause
  for (let depth = 0; depth < maxDepth && deepest?.cause instanceof Error; depth++) deepest = deepest.cause
  return deepest === undefined || deepest.message === "" ? "no answer" : deepest.message
}
