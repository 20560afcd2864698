import * as Branded from "@effect-signalwire/schema/Branded"
import { assert, it } from "@effect/vitest"
import { ambiguousGroupId, parseAddress } from "../src/internal/groupId.ts"

it.each<readonly [string, ReadonlyArray<string>, string | null]>([
  ["sw_office", [], "office"],
  ["sw_office", ["ada"], "office"],
  ["sw_ada_grace", ["ada"], "grace"],
  ["sw_grace_ada", ["ada"], "grace"],
  ["sw_grace_ada", ["bob", "ada"], "grace"],
  ["sw_ada_grace", ["grac"], null],
  ["sw_adaline_grace", ["ada"], null],
  ["sw_ada_grace", [], null],
  ["sw_", ["ada"], null],
  ["office", ["ada"], null],
  ["xsw_office", ["ada"], null]
])("the group %s of a subscriber with the addresses %j shows the address %j", (group, own, expected) => {
  assert.strictEqual<string | null>(parseAddress(Branded.groupId(group), own.map(Branded.addressId)), expected)
})

it.each<readonly [unknown, string | undefined]>([
  [{ group_id: "sw_ada_grace" }, "sw_ada_grace"],
  [{ group_id: "sw_ada_grace", address_id: null }, "sw_ada_grace"],
  [{ group_id: "sw_ada_grace", address_id: "grace" }, undefined],
  [{ group_id: "sw_office" }, undefined],
  [{ group_id: 7 }, undefined],
  [{}, undefined],
  [null, undefined],
  ["sw_ada_grace", undefined]
])("only the subscriber's own addresses resolve the group of %j: %j", (item, expected) => {
  assert.strictEqual<string | undefined>(ambiguousGroupId(item), expected)
})
