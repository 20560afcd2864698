import { assert, describe, it } from "@effect/vitest"
import * as Seen from "../src/internal/seen.ts"

describe("the memory of ids", () => {
  it("tells the first time from the next", () => {
    const seen = Seen.make(10)
    assert.isTrue(seen.add("a", 1))
    assert.isFalse(seen.add("a", 1))
  })

  it("remembers at least a generation", () => {
    const seen = Seen.make(10)
    for (let id = 0; id < 100; id++) seen.add(`m${id}`, id)
    for (let id = 90; id < 100; id++) assert.isFalse(seen.add(`m${id}`, id))
  })

  it("P7.3: forgets what is older than two generations, and says up to when it forgot", () => {
    const seen = Seen.make(10)
    for (let id = 0; id < 100; id++) seen.add(`m${id}`, id)
    assert.isTrue(seen.add("m0", 0))
    assert.strictEqual(seen.floor(), 89)
  })

  it("tells the ids after a time", () => {
    const seen = Seen.make(3)
    for (let id = 0; id < 5; id++) seen.add(`m${id}`, id)
    assert.deepStrictEqual(seen.after(2), [["m3", 3], ["m4", 4]])
  })
})
