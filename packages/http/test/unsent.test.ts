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
