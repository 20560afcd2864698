import { assert, describe, it } from "vitest"
import { run } from "../src/runs.ts"
import type { Sabotage } from "../src/sabotage.ts"
import { simulate } from "../src/simulate.ts"

const timeout = 120_000

describe("the simulation", () => {
  it(
    "P1.1 P1.5 P1.6 P1.7 P2.1 P2.3 P3.1 P4.1 P4.4 P4.5 P4.6 P7.2 P8.5 P8.6 P8.7 P8.8: keeps every promise in 200 worlds",
    { timeout },
    () => {
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
      assert.isAbove(sum.totals.named, 500)
      assert.isAbove(sum.totals.coldStarts, 100)
      assert.isAbove(sum.totals.polled, 1000)
      assert.isAbove(sum.totals.jumps, 100)
      assert.isAbove(sum.totals.exceptions, 500)
      assert.isAbove(sum.totals.tokens, 50)
      assert.isAbove(sum.totals.admitted, 1000)
    }
  )

  it("runs the same for the same seed, to the last line", { timeout }, () => {
    for (const seed of [7, 8, 9, 10]) {
      const first = simulate({ seed, steps: 120, keepTrace: true })
      const second = simulate({ seed, steps: 120, keepTrace: true })
      assert.deepStrictEqual(second.trace, first.trace)
      assert.strictEqual(second.hash, first.hash)
    }
    assert.notStrictEqual(simulate({ seed: 7, steps: 50 }).hash, simulate({ seed: 8, steps: 50 }).hash)
  })

  it.each<readonly [client: string, sabotage: Sabotage, notice: RegExp]>([
    ["loses a message", "lose", /misses m\d+|is missing/],
    ["repeats a message", "repeat", /comes twice/],
    ["gives up where it is to wait", "quit", /P1\.6/],
    ["ends with an exception of the platform", "die", /P8\.7/],
    ["is silent about what it can't deliver", "dawdle", /P8\.8/],
    ["says that it is connected when it is not", "hush", /P8\.8/],
    ["dials without a limit", "dial", /dials more often/],
    ["reads history all the time", "read", /reads history/],
    ["tries a refresh again at once", "refresh", /refreshes its token too often/],
    ["ignores a token that it is given", "ignore", /P8\.6/],
    ["measures durations by the wall clock", "clock", /P7\.1|P8\.5|P1\.[67]/],
    ["sends a message again under another id", "rename", /P4\.5/],
    ["denies that a message may have been stored", "deny", /P4\.6/]
  ])("notices a client that %s", { timeout }, (_, sabotage, notice) => {
    const violations: Array<string> = []
    for (let seed = 1; seed <= 60 && !notice.test(violations.at(-1) ?? ""); seed++) {
      violations.push(simulate({ seed, steps: 150, sabotage }).violation ?? "")
    }
    assert.match(violations.at(-1) ?? "", notice)
  })
})
