import { assert, describe, it } from "@effect/vitest"
import { isUnsent } from "../src/internal/cause.ts"

/** As `fetch` tells it. */
const failure = (code: string, syscall?: string): unknown =>
  new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code, syscall }) })

describe("a failure of the transport", () => {
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
  ])("P4.6: says that nothing was sent: %s of %s", (code, syscall) => {
    assert.isTrue(isUnsent(failure(code, syscall)))
  })

  it.each([
    ["ECONNRESET", "read"],
    ["EPIPE", "write"],
    ["EHOSTUNREACH", "read"],
    ["ENETDOWN", "write"],
    ["ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR", undefined],
    ["ERR_SSL_SSL/TLS_ALERT_BAD_RECORD_MAC", undefined]
  ])("P4.6: leaves open what happened on a connection in use: %s of %s", (code, syscall) => {
    assert.isFalse(isUnsent(failure(code, syscall)))
  })
})
