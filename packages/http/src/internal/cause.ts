/**
 * Original failures, fit to be shown. Transports put requests, with their `Authorization` header, into the errors they
 * raise, and quote refused header values in messages; what callers see holds neither.
 */

import * as Thrown from "@effect-signalwire/runtime/Thrown"
import { redact } from "@effect-signalwire/runtime/Token"

const maxDepth = 8

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Array.isArray(value) || value instanceof Error
}

const isHarmless = (value: unknown, secret: string, depth: number): boolean => {
  if (typeof value === "string") return redact(value, secret) === value
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
 * secret taken out; nothing for what is no error at all, or throws when it is read.
 */
export const withoutSecret = (cause: unknown, secret: string): Error | undefined => {
  // what can't be read can't be shown either
  return Thrown.read(() => {
    if (!(cause instanceof Error)) return undefined
    return secret === "" || isHarmless(cause, secret, 0) ? cause : copy(cause, secret, 0)
  }, undefined)
}

/** What lies at the bottom of a failure, in its own words. */
export const describe = (cause: Error | undefined): string => {
  let deepest = cause
  for (let depth = 0; depth < maxDepth && deepest?.cause instanceof Error; depth++) deepest = deepest.cause
  return deepest === undefined || deepest.message === "" ? "no answer" : deepest.message
}

/** Codes of Node, and of its fetch, for connections that never came to be, so that no request was sent on them. */
const unsentCodes = new Set([
  "ECONNREFUSED",
  "EADDRNOTAVAIL",
  "EAI_AGAIN",
  "ENOTFOUND",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REVOKED",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "HOSTNAME_MISMATCH",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "ERR_TLS_HANDSHAKE_TIMEOUT",
  "ERR_SSL_NO_PROTOCOLS_AVAILABLE",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
  "ERR_SSL_UNSUPPORTED_PROTOCOL",
  "ERR_SSL_WRONG_VERSION_NUMBER"
])

/**
 * Alerts of TLS that a server sends in place of finishing the handshake: it has taken no request. OpenSSL puts the
 * version in front of the name, and not always the same one.
 */
const handshakeAlert =
  /^ERR_SSL_(?:SSL\/TLS|SSLV3|TLSV1|TLSV13)_(?:ALERT_)?(?:HANDSHAKE_FAILURE|NO_CERTIFICATE|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN|CERTIFICATE_REQUIRED|UNKNOWN_CA|ACCESS_DENIED|PROTOCOL_VERSION|INSUFFICIENT_SECURITY|INAPPROPRIATE_FALLBACK|UNSUPPORTED_EXTENSION|UNRECOGNIZED_NAME|UNKNOWN_PSK_IDENTITY|NO_APPLICATION_PROTOCOL)$/

/** A connection in use can fail with the same codes as one that is being made; Node names the call of the system. */
const isOfUse = (failure: object): boolean =>
  "syscall" in failure && (failure.syscall === "read" || failure.syscall === "write")

/** How Node says that a connection was cut during its TLS handshake; the code is that of any cut. */
const cutHandshake = "before secure TLS connection was established"

const isUnsentCode = (code: string): boolean => unsentCodes.has(code) || handshakeAlert.test(code)

const saysUnsent = (failure: object): boolean =>
  ("code" in failure && typeof failure.code === "string" && isUnsentCode(failure.code) && !isOfUse(failure)) ||
  ("message" in failure && typeof failure.message === "string" && failure.message.includes(cutHandshake))

/** Whether a failure says that there was no connection to send a request on. Where several were tried, all must say so. */
export const isUnsent = (failure: unknown, depth = 0): boolean => {
  if (typeof failure !== "object" || failure === null || depth > maxDepth) return false
  if ("errors" in failure && Array.isArray(failure.errors) && failure.errors.length > 0) {
    return failure.errors.every((each) => isUnsent(each, depth + 1))
  }
  return saysUnsent(failure) || ("cause" in failure && isUnsent(failure.cause, depth + 1))
}
