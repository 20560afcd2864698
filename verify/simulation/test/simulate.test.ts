import { assert, describe, it } from "vitest"
import type { Counts } from "../src/coverage/Coverage.ts"
import * as CoverageTable from "../src/coverage/table.ts"
import { run } from "../src/runs.ts"

/** Runs are limited by the processor, which may be shared. Milliseconds. */
const timeout = 600_000

describe("the simulation", () => {
  // the second test looks at what the runs of the first have reached
  let reached: Counts = new Map()

  it(
    "P1.1 P1.5 P1.6 P1.7 P2.1 P2.3 P3.1 P4.1 P4.4 P4.5 P4.6 P7.2 P8.5 P8.6 P8.7 P8.8: keeps every promise for 170 seeds",
    { timeout },
    () => {
      const { failed, sum } = run({ from: 1, count: 170, steps: 50 })
      reached = sum.coverage
      assert.isUndefined(
        failed,
        failed && `${failed.violation}; replay it with: pnpm simulate --seed ${failed.seed} --steps 50`
      )
      assert.isAbove(sum.totals.drops, 100)
      assert.isAbove(sum.totals.recoveries, 500)
      assert.isAbove(sum.totals.fromHistory, 500)
      assert.isAbove(sum.totals.outboxMessages, 500)
      assert.isAbove(sum.totals.duplicates, 80)
      assert.isAbove(sum.totals.withClientId, 200)
      assert.isAbove(sum.totals.coldStarts, 80)
      assert.isAbove(sum.totals.polled, 1000)
      assert.isAbove(sum.totals.clockAdjustments, 50)
      assert.isAbove(sum.totals.exceptions, 500)
      assert.isAbove(sum.totals.tokens, 50)
      assert.isAbove(sum.totals.reportedSeconds, 1000)
    }
  )

  it("reaches every state, event, fault and outcome in these seeds, and none that is listed as unreachable", () => {
    const incomplete = CoverageTable.compare(reached)
      .filter(({ missing, unexpected }) => missing.length + unexpected.length > 0)
    assert.strictEqual(CoverageTable.describe(incomplete), "")
  })
})
