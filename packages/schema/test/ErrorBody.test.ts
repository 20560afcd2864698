import * as ErrorBody from "@effect-signalwire/schema/ErrorBody"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { jsonRoundTrip } from "./support.ts"

it("decodes the errors of a validation body", () => {
  const errors = [{
    "type": "validation_error",
    "code": "missing_required_parameter",
    "message": "text is required",
    "attribute": "text",
    "url": "https://example.test/docs/error-codes"
  }, {
    "code": "not_a_hash",
    "message": "metadata is not a hash",
    "attribute": null
  }]
  assert.deepStrictEqual(ErrorBody.decode({ errors }), errors)
})

it("drops unknown keys of the errors of a validation body", () => {
  const errors = [{ message: "text is required", token: "s3cret" }]
  assert.deepStrictEqual(ErrorBody.decode({ errors }), [{ message: "text is required" }])
})

it("decodes the message of a gateway body as an error", () => {
  assert.deepStrictEqual(ErrorBody.decode({ error: "Unauthorized" }), [{ message: "Unauthorized" }])
})

it.each([undefined, null, "", "<html><body>502</body></html>", {}, [], { errors: "all of them" }, { error: {} }])(
  "finds no error in %j",
  (body) => {
    assert.deepStrictEqual(ErrorBody.decode(body), [])
  }
)

it.effect.prop(
  "round-trips a validation body",
  { code: Schema.String, message: Schema.String, attribute: Schema.String },
  ({ attribute, code, message }) =>
    Effect.sync(() => {
      const [error] = ErrorBody.decode(jsonRoundTrip(ErrorBody.validation(code, message, attribute)))
      assert.deepStrictEqual([error?.code, error?.message, error?.attribute], [code, message, attribute])
    })
)

it("writes null as the attribute of an error about no parameter", () => {
  assert.strictEqual(ErrorBody.validation("internal_error_occurred", "oops").errors[0]?.attribute, null)
})

it.effect.prop("round-trips a gateway body", { error: Schema.String }, ({ error }) =>
  Effect.sync(() => {
    assert.deepStrictEqual(ErrorBody.decode(jsonRoundTrip(ErrorBody.gateway(error))), [{ message: error }])
  }))

it("writes a validation body like those of SignalWire, with a link to the description of the code", () => {
  assert.deepStrictEqual(ErrorBody.validation("invalid_parameter", "text is wrong", "text"), {
    errors: [{
      type: "validation_error",
      code: "invalid_parameter",
      message: "text is wrong",
      attribute: "text",
      url: "https://developer.signalwire.com/rest/overview/error-codes/#invalid_parameter"
    }]
  })
})
