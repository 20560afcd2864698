/**
 * Recognises the errors of Node, and of its `fetch`, that prove that no request was sent, since the connection was never
 * established.
 */

/** How deep to look into causes. */
const maxDepth = 8

/** Error codes of connections that could not be established. */
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
 * TLS alerts that a server sends instead of finishing the handshake, so that it has received no request. OpenSSL puts a
 * version in front of the name, and not always the same one.
 */
const handshakeAlert =
  /^ERR_SSL_(?:SSL\/TLS|SSLV3|TLSV1|TLSV13)_(?:ALERT_)?(?:HANDSHAKE_FAILURE|NO_CERTIFICATE|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN|CERTIFICATE_REQUIRED|UNKNOWN_CA|ACCESS_DENIED|PROTOCOL_VERSION|INSUFFICIENT_SECURITY|INAPPROPRIATE_FALLBACK|UNSUPPORTED_EXTENSION|UNRECOGNIZED_NAME|UNKNOWN_PSK_IDENTITY|NO_APPLICATION_PROTOCOL)$/

/** The message of a connection that was cut during its TLS handshake; its code is that of any connection that was cut. */
const cutHandshake = "before secure TLS connection was established"

const isUnsentCode = (code: string): boolean => unsentCodes.has(code) || handshakeAlert.test(code)

/** An established connection can fail with the same codes; Node then names the system call that transfers data. */
const isTransfer = (error: object): boolean =>
  "syscall" in error && (error.syscall === "read" || error.syscall === "write")

const provesUnsent = (error: object): boolean =>
  ("code" in error && typeof error.code === "string" && isUnsentCode(error.code) && !isTransfer(error)) ||
  ("message" in error && typeof error.message === "string" && error.message.includes(cutHandshake))

/**
 * Whether an error, or one of its causes, proves that no request was sent. An `AggregateError`, as of connections to
 * several addresses of a host, does so only if each of its errors does.
 */
export const isUnsent = (error: unknown, depth = 0): boolean => {
  if (typeof error !== "object" || error === null || depth > maxDepth) return false
  if ("errors" in error && Array.isArray(error.errors) && error.errors.length > 0) {
    return error.errors.every((each) => isUnsent(each, depth + 1))
  }
  return provesUnsent(error) || ("cause" in error && isUnsent(error.cause, depth + 1))
}
