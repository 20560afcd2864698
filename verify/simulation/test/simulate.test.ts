import { assert, describe, it } from "vitest"
import type { Counts } from "../src/coverage/Coverage.ts"
import * as CoverageTable from "../src/coverage/table.ts"
import type { Mutation } from "../src/mutation.ts"
import * as Plan from "../src/plan.ts"
import { run } from "../src/runs.ts"
import { simulate } from "../src/simulate.ts"

/** Runs are limited by the processor, which may be shared. Milliseconds. */
const timeout = 600_000

/** Few seeds meet this bug: it is looked for from a seed shortly before one of them. */
const firstSeeds: { readonly [M in Mutation]?: number } = { denyStored: 50 }

describe("the simulation", () => {
  // the second test looks at what the runs of the first have reached
  let reached: Counts = new Map()

  it(
    "P1.1 P1.5 P1.6 P1.7 P2.1 P2.3 P3.1 P4.1 P4.4 P4.5 P4.6 P7.2 P8.5 P8.6 P8.7 P8.8: keeps every promise for 190 seeds",
    { timeout },
    () => {
      const { failed, sum } = run({ from: 1, count: 190, steps: 50 })
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

  it("produces the same trace for the same seed", { timeout }, () => {
    for (const seed of [7, 8, 9, 10]) {
      const first = simulate(Plan.make(seed, 120), { keepTrace: true })
      const second = simulate(Plan.make(seed, 120), { keepTrace: true })
      assert.deepStrictEqual(second.trace, first.trace)
      assert.strictEqual(second.hash, first.hash)
    }
    assert.notStrictEqual(simulate(Plan.make(7, 50)).hash, simulate(Plan.make(8, 50)).hash)
  })

  it.each<readonly [bug: string, mutation: Mutation, violation: RegExp]>([
    ["loses messages", "loseMessages", /misses m\d+|is missing/],
    ["delivers messages twice", "repeatMessages", /is delivered twice/],
    ["fails in an outage", "failInOutage", /P1\.6/],
    ["ends with an exception of the platform", "propagateExceptions", /P8\.7/],
    ["delays messages without reporting it", "delayDelivery", /P8\.8/],
    ["always reports that it is connected", "reportConnected", /P8\.8/],
    ["dials without a limit", "dialWithoutLimit", /dials more often/],
    ["reads history every second", "readWithoutPause", /reads history/],
    ["retries a token refresh without a pause", "retryRefreshAtOnce", /refreshes its token too often/],
    ["ignores a new token", "ignoreNewToken", /P8\.6/],
    ["measures durations by the wall clock", "measureByWallClock", /P7\.1|P8\.5|P1\.[67]/],
    ["sends a message again under another client id", "changeClientId", /P4\.5/],
    ["reports a message that may be stored as not stored", "denyStored", /P4\.6/]
  ])("detects a client that %s", { timeout }, (_, mutation, violation) => {
    const from = firstSeeds[mutation] ?? 1
    const violations: Array<string> = []
    for (let seed = from; seed < from + 60 && !violation.test(violations.at(-1) ?? ""); seed++) {
      violations.push(simulate(Plan.make(seed, 100), { mutation }).violation ?? "")
    }
    assert.match(violations.at(-1) ?? "", violation)
  })
})
