import * as Reason from "@effect-signalwire/schema/Reason"
import * as Schemas from "@effect-signalwire/schema/Schemas"
import { assert, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** Every reason, from what is written of it. */
const reason = Arbitrary.map(
  Arbitrary.schema(Schema.toEncoded(Schemas.Reason)),
  Schema.decodeSync(Schemas.Reason)
)

const retryable = new Set(["RateLimited", "ServerError", "Transport", "Timeout", "Overloaded", "StorageUnavailable"])

it.effect.prop(
  "can be retried when time may heal it, and only then",
  { reason },
  ({ reason }) =>
    Effect.sync(() => {
      // one that was refused depends on why it was not refreshed
      if (reason._tag === "Unauthorized") return
      assert.strictEqual(reason.isRetryable, retryable.has(reason._tag), reason._tag)
    })
)

it("a token that was refused stays refused, unless it is said that it may be refreshed later", () => {
  assert.isFalse(new Reason.Unauthorized({ detail: "expired" }).isRetryable)
  assert.isTrue(new Reason.Unauthorized({ detail: "expired", isRetryable: true }).isRetryable)
})

it.effect.prop("says what happened, and what to do", { reason }, ({ reason }) =>
  Effect.sync(() => {
    assert.isNotEmpty(reason.message)
    assert.match(reason.remediation, /^[A-Z].*\.$/)
  }))

it.effect.prop("comes back from its encoding", { reason }, ({ reason }) =>
  Effect.gen(function*() {
    const encoded = yield* Schema.encodeEffect(Schemas.Reason)(reason)
    const decoded = yield* Schema.decodeUnknownEffect(Schemas.Reason)(encoded)
    assert.deepStrictEqual([decoded._tag, decoded.message], [reason._tag, reason.message])
  }))

it("names each parameter that is wrong", () => {
  const invalid = new Reason.Invalid({
    errors: [
      { code: "missing_required_parameter", message: "text is required", attribute: "text" },
      { code: "invalid_group_configuration", message: "", attribute: null }
    ]
  })
  assert.strictEqual(invalid.message, "invalid input: text: text is required; invalid_group_configuration")
})

it("tells how long to wait where the server told it", () => {
  assert.deepStrictEqual([1500, null].map((retryAfterMillis) => new Reason.RateLimited({ retryAfterMillis }).message), [
    "rate limited, try again in 1500 ms",
    "rate limited"
  ])
})

it.effect.prop(
  "P9.1: keeps its message when it is cloned, as for another thread",
  { reason },
  ({ reason }) =>
    Effect.sync(() => {
      assert.strictEqual(structuredClone(reason).message, reason.message)
      assert.isNotEmpty(structuredClone(reason).message)
    })
)

it.each<[boolean, string, Reason.Reason]>([
  [true, "a network that is away", new Reason.Transport({ detail: "refused" })],
  [true, "a server that fails", new Reason.ServerError({ status: 503, detail: "" })],
  [true, "a refused token, for there may be another", new Reason.Unauthorized({ detail: "expired" })],
  [true, "an answer that is none, as of a captive portal", new Reason.Malformed({ path: "", detail: "not JSON" })],
  [false, "links that lead nowhere", new Reason.Malformed({ path: "links.next", detail: "in a circle" })],
  [false, "what the token does not allow", new Reason.Forbidden({ detail: "no" })],
  [false, "input that is wrong", Reason.invalidParameter("text", "must not be empty")],
  [false, "a client that is closed", new Reason.Closed()]
])("P8.3: knows (%s) whether this may heal: %s", (expected, _, reason) => {
  assert.strictEqual(Reason.mayHeal(reason), expected)
})
