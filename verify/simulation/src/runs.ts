/** Runs ranges of seeds, and adds up their totals. */
import { type Counts, Coverage } from "./coverage/Coverage.ts"
import type { Mutation } from "./mutation.ts"
import * as Plan from "./plan.ts"
import { type Outcome, simulate } from "./simulate.ts"
import { noTotals, totalNames, type Totals } from "./totals.ts"

export interface Range {
  readonly from: number
  readonly count: number
  readonly steps: number
  readonly mutation?: Mutation | undefined
}

export interface Sum {
  readonly seeds: number
  readonly steps: number
  readonly totals: Totals
  readonly coverage: Counts
}

export const emptySum: Sum = { seeds: 0, steps: 0, totals: noTotals(), coverage: new Map() }

export const add = (a: Sum, b: Sum): Sum => {
  const totals = noTotals()
  for (const name of totalNames) totals[name] = a.totals[name] + b.totals[name]
  return {
    seeds: a.seeds + b.seeds,
    steps: a.steps + b.steps,
    totals,
    coverage: new Coverage().add(a.coverage).add(b.coverage).counts
  }
}

const toSum = ({ coverage, steps, totals }: Outcome): Sum => ({ seeds: 1, steps, totals, coverage })

/** Runs without the stack traces of errors: most errors are expected, and their traces cost more than the errors. */
export const withoutStackTraces = <A>(run: () => A): A => {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return run()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** Runs the seeds of a range, up to the first that fails. */
export const run = (
  { count, from, mutation, steps }: Range
): { readonly sum: Sum; readonly failed: Outcome | undefined } =>
  withoutStackTraces(() => {
    let sum = emptySum
    for (let seed = from; seed < from + count; seed++) {
      const outcome = simulate(Plan.make(seed, steps), { mutation })
      sum = add(sum, toSum(outcome))
      if (outcome.violation !== undefined) return { sum, failed: outcome }
    }
    return { sum, failed: undefined }
  })
