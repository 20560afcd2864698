/** Many seeds, one after the other. */
import { type Outcome, simulate } from "./simulate.ts"
import { noTotals, type Totals } from "./world.ts"

export interface Range {
  readonly from: number
  readonly count: number
  readonly steps: number
}

export interface Sum {
  readonly seeds: number
  readonly steps: number
  readonly totals: Totals
}

export const nothing: Sum = { seeds: 0, steps: 0, totals: noTotals() }

export const add = (a: Sum, b: Sum): Sum => ({
  seeds: a.seeds + b.seeds,
  steps: a.steps + b.steps,
  totals: {
    messages: a.totals.messages + b.totals.messages,
    handedOut: a.totals.handedOut + b.totals.handedOut,
    drops: a.totals.drops + b.totals.drops,
    restarts: a.totals.restarts + b.totals.restarts,
    processes: a.totals.processes + b.totals.processes,
    faults: a.totals.faults + b.totals.faults,
    copies: a.totals.copies + b.totals.copies,
    recoveries: a.totals.recoveries + b.totals.recoveries,
    repairs: a.totals.repairs + b.totals.repairs,
    outgoing: a.totals.outgoing + b.totals.outgoing
  }
})

const toSum = ({ steps, totals }: Outcome): Sum => ({ seeds: 1, steps, totals })

/** Runs them up to the first that fails. */
export const run = ({ count, from, steps }: Range): { readonly sum: Sum; readonly failed: Outcome | undefined } => {
  let sum = nothing
  for (let seed = from; seed < from + count; seed++) {
    const outcome = simulate({ seed, steps })
    sum = add(sum, toSum(outcome))
    if (outcome.violation !== undefined) return { sum, failed: outcome }
  }
  return { sum, failed: undefined }
}
