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
})
