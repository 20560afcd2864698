import * as RetryAfter from "@effect-signalwire/runtime/RetryAfter"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"

const now = Date.parse("Fri, 27 Nov 2026 10:00:00 GMT")

describe("Retry-After", () => {
  it.each([
    ["seconds", "7", 7000],
    ["seconds with two digits, and spaces around them", " 12 ", 12_000],
    ["a fraction of a second", "0.5", 500],
    ["a fraction with two digits", "1.25", 1250],
    ["a date", "Fri, 27 Nov 2026 10:01:00 GMT", 60_000],
    ["a date that has passed", "Fri, 27 Nov 2026 09:00:00 GMT", 0],
    ["a missing header", null, null],
    ["an empty string", " ", null],
    ["a word", "soon", null],
    ["a hexadecimal number", "0x10", null],
    ["an exponent", "1e400", null],
    ["infinity", "Infinity", null]
  ])("P8.5: parses %s", (_, retryAfter, millis) => {
    assert.strictEqual(RetryAfter.millisOf({ retryAfter, date: null }, now), millis)
  })

  it("P8.5: compares a date with the server's time if the response includes it", () => {
    const headers = { retryAfter: "Fri, 27 Nov 2026 10:05:10 GMT", date: "Fri, 27 Nov 2026 10:05:00 GMT" }
    assert.strictEqual(RetryAfter.millisOf(headers, now), 10_000)
  })

  it("P8.5: is limited to 10 minutes", () => {
    assert.deepStrictEqual([1000, 3_600_000].map(RetryAfter.capped), [1000, 600_000])
  })

  it("P8.5: is that of a RateLimited reason, and 0 for any other reason", () => {
    const limited = (retryAfterMillis: number | null) => new Reason.RateLimited({ retryAfterMillis })
    const reasons = [limited(7000), limited(3_600_000), limited(null), new Reason.Closed()]
    assert.deepStrictEqual(reasons.map(RetryAfter.fromReason), [7000, 600_000, 0, 0])
  })
})
