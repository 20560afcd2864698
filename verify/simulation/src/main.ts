/**
 * `pnpm simulate [--seeds 10000] [--steps 200] [--from 1] [--workers 2]` runs many seeds, and prints what they have
 * reached. It stops at the first broken promise, shrinks the run for up to `--shrink-seconds 60`, and writes it to
 * `cases/`. `--seed N` runs one seed, and `--case FILE` a case, with `--trace` its trace; `--mutation NAME` puts a bug
 * into the client.
 */
import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import { Worker } from "node:worker_threads"
import * as Cases from "./cases.ts"
import * as CoverageTable from "./coverage/table.ts"
import { isMutation, mutations } from "./mutation.ts"
import * as Plan from "./plan.ts"
import { add, emptySum, type Range, type run } from "./runs.ts"
import { shrink } from "./shrink.ts"
import { type Outcome, simulate } from "./simulate.ts"
import { describe } from "./totals.ts"

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    steps: { type: "string", default: "200" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    case: { type: "string" },
    mutation: { type: "string" },
    workers: { type: "string" },
    trace: { type: "boolean", default: false },
    "shrink-seconds": { type: "string", default: "60" }
  }
})
const steps = Number(values.steps)
const from = Number(values.from)
const seeds = Number(values.seeds)
if (values.mutation !== undefined && !isMutation(values.mutation)) {
  throw new Error(`not a mutation (${mutations.join(", ")}): ${values.mutation}`)
}
const stored = values.case === undefined ? undefined : Cases.read(values.case)
/** The bug of the client. A case has its own. */
const mutation = values.mutation ?? stored?.mutation
const shrinkMillis = Number(values["shrink-seconds"]) * 1000

/** Shrinks a run that has failed, prints the trace of what is left, and writes it as a case. */
const report = (plan: Plan.Plan, violation: string): void => {
  console.error(`violated: ${violation}`)
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
const runOne = (plan: Plan.Plan): void => {
  const outcome = simulate(plan, { keepTrace: values.trace, mutation })
  for (const line of outcome.trace) console.log(line)
  console.log(`seed ${plan.seed}, ${outcome.steps} steps, trace ${outcome.hash}`)
  if (outcome.violation === undefined) return
  if (stored === undefined && !values.trace) return report(plan, outcome.violation)
  console.error(`violated: ${outcome.violation}`)
  process.exitCode = 1
}

const chunk = 20

const runMany = async (): Promise<void> => {
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
    { length: Number(values.workers ?? availableParallelism()) },
    () => new Worker(new URL("worker.ts", import.meta.url))
  )
  await Promise.all(workers.map(runWorker))
  await Promise.all(workers.map((worker) => worker.terminate()))
  const { coverage, totals } = sum
  console.log(`${sum.seeds} seeds, ${rate()} per minute, ${sum.steps} steps`)
  console.log(describe(totals))
  console.log(CoverageTable.describe(CoverageTable.compare(coverage)))
  if (failed?.violation !== undefined) report(Plan.make(failed.seed, steps), failed.violation)
}

if (stored !== undefined) runOne(stored.plan)
else if (values.seed !== undefined) runOne(Plan.make(Number(values.seed), steps))
else await runMany()
