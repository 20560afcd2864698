/** Runs ranges of seeds, and adds up their totals. */
import { type Outcome, simulate } from "./simulate.ts"
import { noTotals, totalNames, type Totals } from "./totals.ts"

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

export const emptySum: Sum = { seeds: 0, steps: 0, totals: noTotals() }

export const add = (a: Sum, b: Sum): Sum => {
  const totals = noTotals()
  for (const name of totalNames) totals[name] = a.totals[name] + b.totals[name]
  return { seeds: a.seeds + b.seeds, steps: a.steps + b.steps, totals }
}

const toSum = ({ steps, totals }: Outcome): Sum => ({ seeds: 1, steps, totals })

/** Runs the seeds of a range, up to the first that fails. */
export const run = ({ count, from, steps }: Range): { readonly sum: Sum; readonly failed: Outcome | undefined } => {
  let sum = emptySum
  // most errors are expected, and their stack traces cost more than the errors
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    for (let seed = from; seed < from + count; seed++) {
      const outcome = simulate({ seed, steps })
      sum = add(sum, toSum(outcome))
      if (outcome.violation !== undefined) return { sum, failed: outcome }
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
  return { sum, failed: undefined }
}
