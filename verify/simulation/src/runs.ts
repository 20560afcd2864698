/** Runs ranges of seeds, and adds up their totals. */
import { type Counts, Coverage } from "./coverage/Coverage.ts"
import * as CoverageTable from "./coverage/table.ts"
import type { Mutation } from "./mutation.ts"
import * as Plan from "./plan.ts"
import * as Seeds from "./seeds.ts"
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

interface Result {
  readonly sum: Sum
  /** The first run that has failed. */
  readonly failed: Outcome | undefined
}

/** Runs seeds, up to the first that fails, or until `isEnough`. */
const runSeeds = (
  seeds: Iterable<number>,
  { mutation, steps }: Pick<Range, "mutation" | "steps">,
  isEnough: (sum: Sum) => boolean
): Result =>
  withoutStackTraces(() => {
    let sum = emptySum
    for (const seed of seeds) {
      const outcome = simulate(Plan.make(seed, steps), { mutation })
      sum = add(sum, toSum(outcome))
      if (outcome.violation !== undefined) return { sum, failed: outcome }
      if (isEnough(sum)) break
    }
    return { sum, failed: undefined }
  })

const seedsFrom = (from: number, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, index) => from + index)

/** Runs the seeds of a range, up to the first that fails. */
export const run = (range: Range): Result => runSeeds(seedsFrom(range.from, range.count), range, () => false)

/**
 * Runs the chosen seeds, which should reach everything. If they don't, since a change of the client has changed what its
 * seeds reach, it runs the first others until they do.
 */
export const runChosen = (): Result => {
  const { seeds, steps } = Seeds.chosen
  const others = seedsFrom(1, 500).filter((seed) => !seeds.includes(seed))
  return runSeeds(
    [...seeds, ...others],
    { steps },
    (sum) =>
      sum.seeds >= seeds.length && CoverageTable.compare(sum.coverage).every(({ missing }) => missing.length === 0)
  )
}
