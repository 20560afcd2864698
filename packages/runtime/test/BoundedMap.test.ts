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

  it("keeps as many recently used entries as its capacity, and at most twice as many", () => {
    const map = new BoundedMap<number, number>(3)
    for (let key = 1; key <= 7; key++) map.set(key, key)
    assert.deepStrictEqual([7, 6, 5, 4].map((key) => map.get(key)), [7, 6, 5, 4])
    const full = new BoundedMap<number, number>(3)
    for (let key = 1; key <= 7; key++) full.set(key, key)
    assert.deepStrictEqual([1, 2, 3].map((key) => full.get(key)), [undefined, undefined, undefined])
  })

  it("forgets nothing when an entry is changed", () => {
    const map = new BoundedMap<string, number>(2)
    for (const key of ["a", "b", "c", "d"]) map.set(key, 1)
    map.set("d", 2)
    assert.deepStrictEqual(["d", "a"].map((key) => map.get(key)), [2, 1])
  })

  it("finds nothing, and removes nothing, where no entry was set", () => {
    const map = new BoundedMap<string, number>(2)
    assert.isUndefined(map.get("a"))
    map.remove("a")
    map.set("b", 1)
    assert.strictEqual(map.get("b"), 1)
  })

  it("forgets nothing when unknown keys are looked up", () => {
    const map = new BoundedMap<string, number>(2)
    for (const key of ["a", "b", "c"]) map.set(key, 1)
    for (const key of ["x", "y", "z"]) map.get(key)
    assert.strictEqual(map.get("a"), 1)
  })

  it("removes an entry from either generation", () => {
    const map = new BoundedMap<string, number>(2)
    for (const [index, key] of ["a", "b", "c"].entries()) map.set(key, index)
    map.remove("a")
    map.remove("c")
    assert.deepStrictEqual([map.get("a"), map.get("b"), map.get("c")], [undefined, 1, undefined])
  })
})
