import { decoder, strictDecoder } from "@effect-signalwire/schema/SchemaDecoder"
import { assert, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { failureOf, valueOf } from "./support.ts"

const decode = decoder(Schema.Struct({ data: Schema.Array(Schema.Struct({ ts: Schema.Finite })) }))

it("decodes a valid value", () => {
  assert.deepStrictEqual(valueOf(decode({ data: [{ ts: 1 }] })), { data: [{ ts: 1 }] })
})

it("reports the path of a malformed value in JavaScript's notation", () => {
  assert.strictEqual(failureOf(decode({ data: [{ ts: 1 }, { ts: "s3cret" }] })).path, "data[1].ts")
})

it("does not include the malformed value in the report", () => {
  assert.notInclude(failureOf(decode({ data: [{ ts: "s3cret" }] })).message, "s3cret")
})

it("reports the first of several problems", () => {
  assert.strictEqual(failureOf(decode({ data: [{ ts: null }, { ts: null }] })).path, "data[0].ts")
})

it("reports a malformed value as a whole with an empty path", () => {
  assert.deepStrictEqual(failureOf(decode("no object")), { path: "", message: "Expected object" })
})

it("removes unknown keys", () => {
  assert.deepStrictEqual(valueOf(decode({ data: [{ ts: 1, later: 2 }], later: 3 })), { data: [{ ts: 1 }] })
})

it("refuses unknown keys, and malformed values, if it is strict", () => {
  const strict = strictDecoder(Schema.Struct({ ts: Schema.Finite }))
  assert.deepStrictEqual(valueOf(strict({ ts: 1 })), { ts: 1 })
  assert.strictEqual(failureOf(strict({ ts: 1, later: 2 })).path, "later")
  assert.strictEqual(failureOf(strict({ ts: "1" })).path, "ts")
})
