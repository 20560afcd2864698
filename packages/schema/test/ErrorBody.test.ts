import * as ErrorBody from "@effect-signalwire/schema/ErrorBody"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { overTheWire } from "./support.ts"

it("reads the complaints of a validation body", () => {
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

it("reads the gateway's word as a complaint", () => {
  assert.deepStrictEqual(ErrorBody.decode({ error: "Unauthorized" }), [{ message: "Unauthorized" }])
})

it.each([undefined, null, "", "<html><body>502</body></html>", {}, [], { errors: "all of them" }, { error: {} }])(
  "finds no complaint in %j",
  (body) => {
    assert.deepStrictEqual(ErrorBody.decode(body), [])
  }
)

it.effect.prop(
  "reads the validation body that it wrote",
  { code: Schema.String, message: Schema.String, attribute: Schema.String },
  ({ attribute, code, message }) =>
    Effect.sync(() => {
      const [error] = ErrorBody.decode(overTheWire(ErrorBody.validation(code, message, attribute)))
      assert.deepStrictEqual([error?.code, error?.message, error?.attribute], [code, message, attribute])
    })
)

it("writes null for a complaint about no attribute", () => {
  assert.strictEqual(ErrorBody.validation("internal_error_occurred", "oops").errors[0]?.attribute, null)
})

it.effect.prop("reads the gateway body that it wrote", { error: Schema.String }, ({ error }) =>
  Effect.sync(() => {
    assert.deepStrictEqual(ErrorBody.decode(overTheWire(ErrorBody.gateway(error))), [{ message: error }])
  }))
