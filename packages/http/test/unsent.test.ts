import { assert, describe, it } from "@effect/vitest"
import { isUnsent } from "../src/internal/unsent.ts"

/** An error as `fetch` rejects with it. */
const fetchError = (code: string, syscall?: string): unknown =>
  new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code, syscall }) })

describe("isUnsent", () => {
  it.each([
    ["ECONNREFUSED", "connect"],
    ["EHOSTUNREACH", "connect"],
    ["ENETUNREACH", undefined],
    ["ENOTFOUND", "getaddrinfo"],
    ["UND_ERR_CONNECT_TIMEOUT", undefined],
    ["CERT_HAS_EXPIRED", undefined],
    ["ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE", undefined],
    ["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", undefined],
    ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", undefined],
    ["ERR_SSL_TLSV1_UNRECOGNIZED_NAME", undefined],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", undefined]
  ])("P4.6: is true for %s of %s, where no connection was established", (code, syscall) => {
    assert.isTrue(isUnsent(fetchError(code, syscall)))
  })

  it.each([
    ["ECONNRESET", "read"],
    ["EPIPE", "write"],
    ["EHOSTUNREACH", "read"],
    ["ENETDOWN", "write"],
    ["ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR", undefined],
    ["ERR_SSL_SSL/TLS_ALERT_BAD_RECORD_MAC", undefined]
  ])("P4.6: is false for %s of %s, which an established connection can fail with", (code, syscall) => {
    assert.isFalse(isUnsent(fetchError(code, syscall)))
  })

  it("P4.6: is true for a connection that was cut during its TLS handshake", () => {
    const message = "Client network socket disconnected before secure TLS connection was established"
    assert.isTrue(isUnsent(new TypeError("fetch failed", { cause: new Error(message) })))
  })

  it("P4.6: of connections to several addresses of a host is true only if it is for each", () => {
    const failed = (...codes: ReadonlyArray<string>) =>
      new TypeError("fetch failed", { cause: new AggregateError(codes.map((code) => fetchError(code))) })
    assert.isTrue(isUnsent(failed("ECONNREFUSED", "ENETUNREACH")))
    assert.isFalse(isUnsent(failed("ECONNREFUSED", "ECONNRESET")))
    assert.isFalse(isUnsent(failed()))
  })

  it("P4.6: looks at eight causes of an error, and ends for one that is its own cause", () => {
    const nested = (depth: number): unknown =>
      depth === 0 ? fetchError("ECONNREFUSED") : new Error("outer", { cause: nested(depth - 1) })
    assert.deepStrictEqual([7, 8].map((depth) => isUnsent(nested(depth))), [true, false])
    const own = new Error("own")
    own.cause = own
    assert.isFalse(isUnsent(own))
  })

  it.each([[undefined], [null], ["ECONNREFUSED"], [{ code: 7 }], [{ message: 7 }], [{ errors: [] }]])(
    "P4.6: is false for %o",
    (error) => {
      assert.isFalse(isUnsent(error))
    }
  )
})

describe("P4.6: no connection was established", () => {
  it.each([
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
  ])("by the code %s", (code) => {
    assert.isTrue(isUnsent(fetchError(code)))
    assert.isFalse(isUnsent(fetchError(code, "read")))
    assert.isFalse(isUnsent(fetchError(`${code}_2`)))
  })

  it.each([
    "HANDSHAKE_FAILURE",
    "NO_CERTIFICATE",
    "BAD_CERTIFICATE",
    "UNSUPPORTED_CERTIFICATE",
    "CERTIFICATE_REVOKED",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_UNKNOWN",
    "CERTIFICATE_REQUIRED",
    "UNKNOWN_CA",
    "ACCESS_DENIED",
    "PROTOCOL_VERSION",
    "INSUFFICIENT_SECURITY",
    "INAPPROPRIATE_FALLBACK",
    "UNSUPPORTED_EXTENSION",
    "UNRECOGNIZED_NAME",
    "UNKNOWN_PSK_IDENTITY",
    "NO_APPLICATION_PROTOCOL"
  ])("by the alert %s of any version of TLS", (alert) => {
    for (const version of ["SSL/TLS", "SSLV3", "TLSV1", "TLSV13"]) {
      assert.isTrue(isUnsent(fetchError(`ERR_SSL_${version}_ALERT_${alert}`)))
      assert.isTrue(isUnsent(fetchError(`ERR_SSL_${version}_${alert}`)))
    }
    assert.isFalse(isUnsent(fetchError(`ERR_SSL_TLSV2_ALERT_${alert}`)))
    assert.isFalse(isUnsent(fetchError(`ERR_SSL_TLSV1_ALERT_${alert}_2`)))
    assert.isFalse(isUnsent(fetchError(`MY_ERR_SSL_TLSV1_ALERT_${alert}`)))
  })

  it("by an error within eight others, and no deeper", () => {
    const within = (depth: number): unknown =>
      depth === 0 ? { code: "ECONNREFUSED" } : new Error("outer", { cause: within(depth - 1) })
    assert.isTrue(isUnsent(within(8)))
    assert.isFalse(isUnsent(within(9)))
  })

  it("by an error without errors of its own", () => {
    assert.isTrue(isUnsent(Object.assign(new AggregateError([]), { code: "ECONNREFUSED" })))
    assert.isTrue(isUnsent(Object.assign(new Error("x"), { errors: "none", code: "ECONNREFUSED" })))
    assert.isFalse(isUnsent(new AggregateError([])))
  })

  it.each([undefined, null, "ECONNREFUSED", 7, {}, { code: 7 }, { message: 7 }, { code: "EPIPE", cause: null }])(
    "not by %j",
    (error) => {
      assert.isFalse(isUnsent(error))
    }
  )
})
