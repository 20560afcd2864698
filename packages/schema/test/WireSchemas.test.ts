/** Bodies of requests and errors, which only the schemas describe, or which their decoders do not report. */
import { decoder } from "@effect-signalwire/schema/SchemaDecoder"
import * as WireSchemas from "@effect-signalwire/schema/WireSchemas"
import { assert, it } from "@effect/vitest"
import type * as Schema from "effect/Schema"
import { failureOf, valueOf } from "./support.ts"

const content = { text: "hello", metadata: { tone: "casual" }, details: {} }
const sender = { from_address_id: "a1", from_fabric_address_id: "a1" }

const formats: ReadonlyArray<
  readonly [name: string, Schema.Codec<unknown>, example: object, paths: ReadonlyArray<string>]
> = [
  [
    "a send in the address dialect",
    WireSchemas.AddressSend,
    { conversation_id: "a2", ...content },
    ["conversation_id", "text"]
  ],
  [
    "a send in the group dialect",
    WireSchemas.GroupSend,
    { group_id: "g1", ...sender, ...content },
    ["group_id", "from_address_id", "from_fabric_address_id", "text"]
  ],
  ["a join in the address dialect", WireSchemas.AddressJoin, { conversation_id: "a2" }, ["conversation_id"]],
  [
    "a join in the group dialect",
    WireSchemas.GroupJoin,
    { from_fabric_address_id: "a1", fabric_address_ids: ["a2", "a1"] },
    ["from_fabric_address_id", "fabric_address_ids"]
  ],
  ["validation errors", WireSchemas.Validation, { errors: [{ type: "t", code: "c", message: "m" }] }, ["errors"]],
  ["a gateway's error", WireSchemas.Gateway, { error: "Unauthorized" }, ["error"]],
  ["a coded result", WireSchemas.CodedResult, { code: "200", message: "OK", result: {} }, ["code"]]
]

it.each(formats)("%s is valid with all its keys", (_, schema, example) => {
  assert.deepStrictEqual(valueOf(decoder(schema)(example)), example)
})

it.each(
  formats.flatMap(([name, schema, example, paths]) => paths.map((path) => [path, name, schema, example] as const))
)(
  "the key %s of %s is required, and must have its type",
  (path, _, schema, example) => {
    for (const wrong of [undefined, 7]) {
      const entries = Object.entries({ ...example, [path]: wrong }).filter(([, value]) => value !== undefined)
      assert.strictEqual(failureOf(decoder(schema)(Object.fromEntries(entries))).path, path)
    }
  }
)

it.each(["type", "code", "message", "attribute", "url"])(
  "the key %s of a validation error must have its type",
  (key) => {
    assert.strictEqual(failureOf(decoder(WireSchemas.ValidationError)({ [key]: 7 })).path, key)
  }
)

it("the keys of a body are the only ones that are kept", () => {
  for (const [, schema, example] of formats) {
    assert.deepStrictEqual(valueOf(decoder(schema)({ ...example, later: 1 })), example)
  }
})
