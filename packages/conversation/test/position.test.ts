import { assert, describe, it } from "@effect/vitest"
import * as Position from "../src/internal/position.ts"

const at = (epochSeconds: number, id: string): Position.Position => ({ epochSeconds, id })

describe("a position", () => {
  it("precedes those of later times, whatever their ids are", () => {
    assert.isBelow(Position.compare(at(1, "b"), at(2, "a")), 0)
    assert.isAbove(Position.compare(at(2, "a"), at(1, "b")), 0)
  })

  it("precedes those of the same time with greater ids", () => {
    assert.isBelow(Position.compare(at(1, "a"), at(1, "b")), 0)
    assert.isAbove(Position.compare(at(1, "b"), at(1, "a")), 0)
  })

  it("equals one of the same time and id", () => {
    assert.strictEqual(Position.compare(at(1, "a"), at(1, "a")), 0)
  })
})
