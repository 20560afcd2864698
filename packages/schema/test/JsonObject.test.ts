import * as JsonObject from "@effect-signalwire/schema/JsonObject"
import { assert, it } from "@effect/vitest"

const values = [{}, { a: 1 }, [], "", "x", 0, true, null, undefined]

it("a JSON object is neither an array nor null", () => {
  assert.deepStrictEqual(values.filter(JsonObject.isJsonObject), [{}, { a: 1 }])
})

it("a string may be missing or null", () => {
  assert.deepStrictEqual(values.filter(JsonObject.isNullishString), ["", "x", null, undefined])
})

it("an object may be missing or null", () => {
  assert.deepStrictEqual(values.filter(JsonObject.isNullishObject), [{}, { a: 1 }, null, undefined])
})
