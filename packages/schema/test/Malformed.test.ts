import * as Malformed from "@effect-signalwire/schema/Malformed"
import { assert, it } from "@effect/vitest"

it.each([
  [[], ""],
  [["data", 3, "ts"], "data[3].ts"],
  [[3], "[3]"],
  [[0, 1, "a"], "[0][1].a"]
])("formats the path %j as %j", (segments, path) => {
  assert.strictEqual(Malformed.formatPath(segments), path)
})

it.each([
  ["data[3]", "ts", "data[3].ts"],
  ["data", "[3]", "data[3]"],
  ["", "ts", "ts"],
  ["data[3]", "", "data[3]"]
])("prefixes %j to the path %j, which makes it %j", (outer, path, expected) => {
  assert.deepStrictEqual(Malformed.prefixPath(outer, { path, message: "wrong" }), { path: expected, message: "wrong" })
})
