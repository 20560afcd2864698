import { BoundedMap } from "@effect-signalwire/runtime/BoundedMap"
import { assert, describe, it } from "@effect/vitest"

describe("BoundedMap", () => {
  it("keeps entries that are used, and forgets others", () => {
    const map = new BoundedMap<string, number>(2)
    for (const [index, key] of ["a", "b", "c", "d", "e"].entries()) {
      map.set(key, index)
      map.get("a")
    }
    assert.strictEqual(map.get("a"), 0)
    assert.isUndefined(map.get("b"))
  })

  it("removes an entry from either generation", () => {
    const map = new BoundedMap<string, number>(2)
    for (const [index, key] of ["a", "b", "c"].entries()) map.set(key, index)
    map.remove("a")
    map.remove("c")
    assert.deepStrictEqual([map.get("a"), map.get("b"), map.get("c")], [undefined, 1, undefined])
  })
})
