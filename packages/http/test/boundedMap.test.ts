import { assert, describe, it } from "@effect/vitest"
import * as BoundedMap from "../src/internal/boundedMap.ts"

describe("BoundedMap", () => {
  it("keeps entries that are used, and forgets others", () => {
    const map = BoundedMap.make<string, number>(2)
    for (const [index, key] of ["a", "b", "c", "d", "e"].entries()) {
      map.set(key, index)
      map.get("a")
    }
    assert.strictEqual(map.get("a"), 0)
    assert.isUndefined(map.get("b"))
  })

  it("removes an entry from either generation", () => {
    const map = BoundedMap.make<string, number>(2)
    for (const [index, key] of ["a", "b", "c"].entries()) map.set(key, index)
    map.remove("a")
    map.remove("c")
    assert.deepStrictEqual([map.get("a"), map.get("b"), map.get("c")], [undefined, 1, undefined])
  })
})
