import { assert, describe, it } from "@effect/vitest"
import { inspect } from "node:util"
import { isUnsent, withoutSecret } from "../src/internal/cause.ts"

/** As `fetch` tells it. */
const failure = (code: string, syscall?: string): unknown =>
  new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code, syscall }) })

describe("a failure of the transport", () => {
  it("P6.1: that quotes a piece of the token is shown without it", () => {
    const secret = "eyJhbGciOiJkaXIifQ..iviviviv.ciphertextciphertext.tagtagtag"
    const cause = withoutSecret(new TypeError("failed", { cause: new Error(`proxy: ${secret.slice(0, 40)}`) }), secret)
    const shown = inspect(cause, { depth: 8, showHidden: true })
    assert.include(shown, "proxy: <redacted>")
    assert.notInclude(shown, secret.slice(0, 40))
  })

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
