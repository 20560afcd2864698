import * as Reason from "@effect-signalwire/schema/Reason"
import * as Schemas from "@effect-signalwire/schema/Schemas"
import { assert, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** Generates every reason. */
const reason = Arbitrary.schema(Schemas.Reason)

const retryable = new Set(["RateLimited", "ServerError", "Transport", "Timeout", "Overloaded", "StorageUnavailable"])

it.effect.prop(
  "is retryable exactly if it is a temporary failure",
  { reason },
  ({ reason }) =>
    Effect.sync(() => {
      // it depends on why the refresh failed
      if (reason._tag === "Unauthorized") return
      assert.strictEqual(reason.isRetryable, retryable.has(reason._tag), reason._tag)
    })
)

it("Unauthorized is not retryable unless it is constructed so", () => {
  assert.isFalse(new Reason.Unauthorized({ detail: "expired" }).isRetryable)
  assert.isTrue(new Reason.Unauthorized({ detail: "expired", isRetryable: true }).isRetryable)
})

it.effect.prop("has a message and a remediation", { reason }, ({ reason }) =>
  Effect.sync(() => {
    assert.isNotEmpty(reason.message)
    assert.match(reason.remediation, /^[A-Z].*\.$/)
  }))

it.effect.prop("round-trips through its schema", { reason }, ({ reason }) =>
  Effect.gen(function*() {
    const schema = Schema.toCodecJson(Schemas.Reason)
    const decoded = yield* Schema.decodeEffect(schema)(yield* Schema.encodeEffect(schema)(reason))
    assert.deepStrictEqual([decoded._tag, decoded.message], [reason._tag, reason.message])
    assert.strictEqual(decoded.constructor, reason.constructor)
  }))

it("Invalid lists every error in its message", () => {
  const invalid = new Reason.Invalid({
    errors: [
      { code: "missing_required_parameter", message: "text is required", attribute: "text" },
      { code: "invalid_group_configuration", message: "", attribute: null }
    ]
  })
  assert.strictEqual(invalid.message, "invalid input: text: text is required; invalid_group_configuration")
})

it.effect.prop(
  "a remediation does not claim that the client retries, since a connection that has failed does not",
  { reason },
  ({ reason }) => Effect.sync(() => assert.notMatch(reason.remediation, /by itself|automatic/))
)

it.each([
  ["Not Found", "not found"],
  ["not found.", "not found"],
  ["no address has the name \"office\"", "not found: no address has the name \"office\""]
])("the message of NotFound does not repeat itself: %s", (detail, message) => {
  assert.strictEqual(new Reason.NotFound({ detail }).message, message)
})

it("RateLimited has the time to wait in its message, if the server sent it", () => {
  assert.deepStrictEqual([1500, null].map((retryAfterMillis) => new Reason.RateLimited({ retryAfterMillis }).message), [
    "rate limited, retry after 1500 ms",
    "rate limited"
  ])
})

it.effect.prop(
  "P9.1: keeps its message when it is cloned for another thread",
  { reason },
  ({ reason }) =>
    Effect.sync(() => {
      assert.strictEqual(structuredClone(reason).message, reason.message)
      assert.isNotEmpty(structuredClone(reason).message)
    })
)

it.each<[boolean, string, Reason.Reason]>([
  [true, "a lost connection", new Reason.Transport({ detail: "refused" })],
  [true, "a failing server", new Reason.ServerError({ status: 503, detail: "" })],
  [true, "a refused token, which may be replaced", new Reason.Unauthorized({ detail: "expired" })],
  [true, "an unparseable response, such as a captive portal's", new Reason.Malformed({ path: "", detail: "not JSON" })],
  [false, "page links that make no progress", new Reason.Malformed({ path: "links.next", detail: "in a cycle" })],
  [false, "a call that the token does not permit", new Reason.Forbidden({ detail: "no" })],
  [false, "invalid input", Reason.invalidParameter("text", "must not be empty")],
  [false, "a closed client", new Reason.Closed()]
])("P8.3: isRecoverable is %s for %s", (expected, _, reason) => {
  assert.strictEqual(Reason.isRecoverable(reason), expected)
})

it("Transport does not know whether the request was sent unless it is constructed so", () => {
  assert.strictEqual(new Reason.Transport({ detail: "gone" }).sent, "unknown")
  assert.strictEqual(new Reason.Transport({ detail: "gone", sent: "no" }).sent, "no")
})

it("an invalid parameter has one error, with the code of errors that were found before anything was sent", () => {
  assert.deepStrictEqual(Reason.invalidParameter("text", "must not be empty").errors, [
    { code: "invalid_parameter", message: "must not be empty", attribute: "text" }
  ])
})
