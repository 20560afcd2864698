import { assert, it } from "@effect/vitest"
import { makeMap, makeSeen } from "../src/internal/bounded.ts"

it("an id is new once within the window", () => {
  const { isNew } = makeSeen(3)
  assert.deepStrictEqual(["a", "b", "c", "d", "a", "b"].map(isNew), [true, true, true, true, false, false])
})

it("ids long past are forgotten", () => {
  const { isNew } = makeSeen(3)
  const ids = ["a", "b", "c", "d", "e", "f", "g"]
  assert.isTrue(ids.every(isNew))
  assert.isTrue(isNew("a"))
})

it("an id that was noted is not new, as long as it is remembered", () => {
  const { add, isNew } = makeSeen(3)
  for (const id of ["a", "b", "c", "d", "e", "f", "g"]) add(id)
  assert.deepStrictEqual(["g", "f", "e", "d", "c", "a"].map(isNew), [false, false, false, false, true, true])
})

it("a map keeps what is used, and forgets the rest", () => {
  const map = makeMap<string, number>(2)
  for (const [index, key] of ["a", "b", "c", "d", "e"].entries()) {
    map.set(key, index)
    map.get("a")
  }
  assert.strictEqual(map.get("a"), 0)
  assert.isUndefined(map.get("b"))
})

it("what is removed is gone from either generation", () => {
  const map = makeMap<string, number>(2)
  for (const [index, key] of ["a", "b", "c"].entries()) map.set(key, index)
  map.remove("a")
  map.remove("c")
  assert.deepStrictEqual([map.get("a"), map.get("b"), map.get("c")], [undefined, 1, undefined])
})
