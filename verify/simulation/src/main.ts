/**
 * `pnpm simulate` runs many seeds, and prints what they have reached. It stops at the first broken promise, shrinks the run
 * for a while, and writes it to `cases/`. `--seed` runs one seed, and `--case` a case; `--help` prints all options.
 */
import { Worker } from "node:worker_threads"
import * as Cases from "./cases.ts"
import { type Command, read, usage, UsageError } from "./commandLine.ts"
import * as CoverageTable from "./coverage/table.ts"
import * as Plan from "./plan.ts"
import { add, emptySum, type Range, type run, withoutStackTraces } from "./runs.ts"
import * as Seeds from "./seeds.ts"
import { shrink } from "./shrink.ts"
import { type Outcome, simulate } from "./simulate.ts"
import { describe } from "./totals.ts"

/** Shrinks a run that has failed, prints the trace of what is left, and writes it as a case. */
const report = ({ mutation, shrinkMillis }: Command, plan: Plan.Plan, violation: string): void => {
  console.error(`seed ${plan.seed} violated: ${violation}`)
  let reportedAt = performance.now()
  const shrunk = shrink(plan, violation, {
    mutation,
    millis: shrinkMillis,
    onProgress: ({ runs, steps }) => {
      if (performance.now() - reportedAt < 5000) return
      reportedAt = performance.now()
      console.error(`shrinking: ${steps} of ${plan.steps.length} steps after ${runs} runs`)
    }
  })
  const file = Cases.write({ ...shrunk, mutation })
  for (const line of simulate(shrunk.plan, { mutation, keepTrace: true }).trace) console.error(line)
  const { simplifications, steps } = shrunk.plan
  console.error(`${steps.length} steps${shrunk.isMinimal ? "" : ", which may not be minimal"}:`)
  console.error([...steps.map(({ name, number }) => `${number} ${name}`), ...simplifications].join(", "))
  console.error(`pnpm simulate --case ${file} --trace`)
  process.exitCode = 1
}

/** Runs one plan; one that has failed is shrunk unless it is a case. */
const runOne = (command: Command, plan: Plan.Plan): void => {
  const { mutation, stored, trace } = command
  const outcome = simulate(plan, { keepTrace: trace, mutation })
  for (const line of outcome.trace) console.log(line)
  console.log(`seed ${plan.seed}, ${outcome.steps} steps, trace ${outcome.hash}`)
  if (outcome.violation === undefined) return
  if (stored === undefined && !trace) return report(command, plan, outcome.violation)
  console.error(`violated: ${outcome.violation}`)
  process.exitCode = 1
}

const chunk = 20

const runMany = async (command: Command): Promise<void> => {
  const { from, mutation, seeds, steps } = command
  const began = performance.now()
  let next = from
  let sum = emptySum
  let failed: Outcome | undefined
  let reportedAt = began
  const rate = () => Math.round(sum.seeds / ((performance.now() - began) / 60_000))
  const runWorker = (worker: Worker) =>
    new Promise<void>((resolve, reject) => {
      const postNext = () => {
        if (failed !== undefined || next >= from + seeds) return resolve()
        const range: Range = { from: next, count: Math.min(chunk, from + seeds - next), steps, mutation }
        next += range.count
        worker.postMessage(range)
      }
      worker.on("error", reject)
      worker.on("message", (result: ReturnType<typeof run>) => {
        sum = add(sum, result.sum)
        if (result.failed !== undefined && (failed === undefined || result.failed.seed < failed.seed)) {
          failed = result.failed
        }
        if (performance.now() - reportedAt > 10_000) {
          reportedAt = performance.now()
          console.log(`${sum.seeds} of ${seeds} seeds, ${rate()} per minute`)
        }
        postNext()
      })
      postNext()
    })
  const workers = Array.from(
    { length: command.workers },
    () => new Worker(new URL("worker.ts", import.meta.url))
  )
  await Promise.all(workers.map(runWorker))
  await Promise.all(workers.map((worker) => worker.terminate()))
  const { coverage, totals } = sum
  console.log(`${sum.seeds} seeds, ${rate()} per minute, ${sum.steps} steps`)
  console.log(describe(totals))
  if (failed?.violation !== undefined) return report(command, Plan.make(failed.seed, steps), failed.violation)
  console.log(CoverageTable.describe(CoverageTable.compare(coverage), 10))
}

/** Chooses the seeds of the tests among the first ones. */
const choose = ({ from, seeds, steps }: Command): void => {
  const runs = withoutStackTraces(() =>
    Array.from({ length: seeds }, (_, index): Seeds.Reached => {
      const began = performance.now()
      const { coverage: counts, seed, violation } = simulate(Plan.make(from + index, steps))
      if (violation !== undefined) console.error(`seed ${seed} violated: ${violation}`)
      return { seed, counts, millis: performance.now() - began }
    })
  )
  const chosen = Seeds.choose(runs)
  Seeds.write(steps, chosen)
  console.log(`${chosen.length} of ${seeds} seeds reach all that these reach`)
}

const main = async (): Promise<void> => {
  const command = read(process.argv.slice(2))
  if (command === undefined) return console.log(usage)
  const { seed, steps, stored } = command
  if (stored !== undefined) return runOne(command, stored.plan)
  if (seed !== undefined) return runOne(command, Plan.make(seed, steps))
  if (command.chooses) return choose(command)
  await runMany(command)
}

try {
  await main()
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`${error.message}\n\n${usage}`)
  process.exitCode = 2
}
