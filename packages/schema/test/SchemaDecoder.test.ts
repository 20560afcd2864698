import { decoder } from "@effect-signalwire/schema/SchemaDecoder"
import { assert, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { problemOf, valueOf } from "./support.ts"

const decode = decoder(Schema.Struct({ data: Schema.Array(Schema.Struct({ ts: Schema.Finite })) }))

it("reads a value of the right shape", () => {
  assert.deepStrictEqual(valueOf(decode({ data: [{ ts: 1 }] })), { data: [{ ts: 1 }] })
})

it("tells where a value is malformed as JavaScript would write it", () => {
  assert.strictEqual(problemOf(decode({ data: [{ ts: 1 }, { ts: "s3cret" }] })).path, "data[1].ts")
})

it("tells what is wrong, never the value", () => {
  assert.notInclude(problemOf(decode({ data: [{ ts: "s3cret" }] })).message, "s3cret")
})

it("tells the first of several problems", () => {
  assert.strictEqual(problemOf(decode({ data: [{ ts: null }, { ts: null }] })).path, "data[0].ts")
})
