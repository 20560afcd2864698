import { assert, describe, it } from "vitest"
import { run } from "../src/runs.ts"
import { simulate } from "../src/simulate.ts"

const timeout = 120_000

describe("the simulation", () => {
  it("P1.1 P1.5 P2.1 P2.3 P3.1 P4.1 P4.4 P7.2: keeps every promise in 200 worlds", { timeout }, () => {
    const { failed, sum } = run({ from: 1, count: 200, steps: 80 })
    assert.isUndefined(
      failed,
      failed && `${failed.violation}; to repeat it: pnpm simulate --seed ${failed.seed} --steps 80 --trace`
    )
    assert.isAbove(sum.totals.drops, 100)
    assert.isAbove(sum.totals.recoveries, 500)
    assert.isAbove(sum.totals.repairs, 500)
    assert.isAbove(sum.totals.outgoing, 500)
    assert.isAbove(sum.totals.copies, 100)
  })

  it("runs the same for the same seed, to the last line", { timeout }, () => {
    for (const seed of [7, 8, 9, 10]) {
      const first = simulate({ seed, steps: 120, keepTrace: true })
      const second = simulate({ seed, steps: 120, keepTrace: true })
      assert.deepStrictEqual(second.trace, first.trace)
      assert.strictEqual(second.hash, first.hash)
    }
    assert.notStrictEqual(simulate({ seed: 7, steps: 50 }).hash, simulate({ seed: 8, steps: 50 }).hash)
  })

  it("notices a client that loses a message", { timeout }, () => {
    const violations = [1, 2, 3, 4, 5, 6].map((seed) => simulate({ seed, steps: 150, sabotage: "lose" }).violation)
    assert.match(violations.join(), /misses m\d+|is missing/)
  })

  it("notices a client that repeats a message", { timeout }, () => {
    const violations = [1, 2, 3, 4, 5, 6].map((seed) => simulate({ seed, steps: 150, sabotage: "repeat" }).violation)
    assert.match(violations.join(), /comes twice/)
  })
})
