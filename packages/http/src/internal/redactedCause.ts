/**
 * Original errors without the token. Transports put requests, with their `Authorization` header, into the errors that
 * they raise, and quote refused header values in messages; callers must see neither.
 */
import * as Thrown from "@effect-signalwire/runtime/Thrown"
import { redact } from "@effect-signalwire/runtime/Token"

/** How deep into nested values and causes to look. */
const maxDepth = 8

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Array.isArray(value) || value instanceof Error
}

/** Whether a value consists of plain data only, none of which contains the secret. */
const isSafe = (value: unknown, secret: string, depth: number): boolean => {
  if (typeof value === "string") return redact(value, secret) === value
  if (typeof value === "function") return false
  if (typeof value !== "object" || value === null) return true
  if (depth >= maxDepth || !isPlain(value)) return false
  if (value instanceof Error && !isSafe(value.stack, secret, depth)) return false
  return Reflect.ownKeys(value).every((key) => isSafe(Reflect.get(value, key), secret, depth + 1))
}

const redactedCopy = (error: Error, secret: string, depth: number): Error => {
  const cause = error.cause instanceof Error && depth < maxDepth
    ? redactedCopy(error.cause, secret, depth + 1)
    : undefined
  const copy = new Error(redact(error.message, secret), cause === undefined ? undefined : { cause })
  copy.name = redact(error.name, secret)
  if (error.stack !== undefined) copy.stack = redact(error.stack, secret)
  return copy
}

/**
 * Returns the error itself if it consists of plain data without the secret, otherwise a copy of its name, message, stack
 * and causes with the secret redacted. Returns `undefined` for a value that is not an `Error`, or throws when it is
 * read.
 */
export const redactCause = (error: unknown, secret: string): Error | undefined =>
  Thrown.readOr(() => {
    if (!(error instanceof Error)) return undefined
    return secret === "" || isSafe(error, secret, 0) ? error : redactedCopy(error, secret, 0)
  }, undefined)

/** The message of the innermost cause, or "no response" if there is none. */
export const rootMessage = (error: Error | undefined): string => {
  let root = error
  for (let depth = 0; depth < maxDepth && root?.cause instanceof Error; depth++) root = root.cause
  return root === undefined || root.message === "" ? "no response" : root.message
}
