import { assert, describe, it } from "@effect/vitest"
import * as SeenIds from "../src/internal/seenIds.ts"

const ids = ["a", "b", "c", "d", "e", "f", "g"]

describe("SeenIds", () => {
  it("reports an id as new once, while it is within the capacity", () => {
    const { addIfNew } = SeenIds.make(3)
    assert.deepStrictEqual(["a", "b", "c", "d", "a", "b"].map(addIfNew), [true, true, true, true, false, false])
  })

  it("forgets ids beyond twice the capacity", () => {
    const { addIfNew } = SeenIds.make(3)
    assert.isTrue(ids.every(addIfNew))
    assert.isTrue(addIfNew("a"))
  })

  it("remembers ids that are added without a lookup", () => {
    const { add, addIfNew } = SeenIds.make(3)
    for (const id of ids) add(id)
    assert.deepStrictEqual(["g", "f", "e", "d", "c", "a"].map(addIfNew), [false, false, false, false, true, true])
  })
})
