import * as Dialect from "@effect-signalwire/schema/Dialect"
import { assert, it } from "@effect/vitest"

it.each([
  ["address", { conversation_id: "a" }],
  ["address", { address_id: "a" }],
  ["address", { table: { conversation_id: "a" } }],
  ["address", { conversation_id: "a", group_id: "sw_a" }],
  ["address", { table: { conversation_id: "a" }, group_id: "sw_a" }],
  ["group", { group_id: "sw_a" }],
  ["group", { group_id: "sw_a", conversation_id: null, address_id: null }],
  ["group", { group_id: "sw_a", table: null }],
  [undefined, { id: "9dbe9e94", name: "conversation-office" }],
  [undefined, null],
  [undefined, "group_id"],
  [undefined, []]
])("detects the dialect %s of %j", (dialect, value) => {
  assert.strictEqual(Dialect.detect(value), dialect)
})

it("has the keys of its own dialect, and those of both in the form `all`", () => {
  assert.deepStrictEqual(
    (["address", "group", "all"] as const).map((form) => [
      Dialect.includes(form, "address"),
      Dialect.includes(form, "group")
    ]),
    [[true, false], [false, true], [true, true]]
  )
})
