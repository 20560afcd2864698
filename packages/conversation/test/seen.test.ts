import { assert, describe, it } from "@effect/vitest"
import * as Seen from "../src/internal/seen.ts"

describe("the memory of ids", () => {
  it("tells the first time from the next", () => {
    const seen = Seen.make({ size: 10, keepFrom: () => Infinity })
    assert.isTrue(seen.add("a", 1))
    assert.isFalse(seen.add("a", 1))
  })

  it("remembers at least a generation", () => {
    const seen = Seen.make({ size: 10, keepFrom: () => Infinity })
    for (let id = 0; id < 100; id++) seen.add(`m${id}`, id)
    for (let id = 91; id < 100; id++) assert.isFalse(seen.add(`m${id}`, id))
  })

  it("P7.3: forgets what is older than two generations", () => {
    const seen = Seen.make({ size: 10, keepFrom: () => Infinity })
    for (let id = 0; id < 100; id++) seen.add(`m${id}`, id)
    assert.isTrue(seen.add("m0", 0))
  })

  it("does not forget what a re-read can reach", () => {
    const seen = Seen.make({ size: 10, keepFrom: () => 0 })
    for (let id = 0; id < 100; id++) seen.add(`m${id}`, id)
    assert.isFalse(seen.add("m0", 0))
  })
})
