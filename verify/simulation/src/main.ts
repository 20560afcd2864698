/**
 * `pnpm simulate [--seeds 10000] [--steps 200] [--from 1] [--seed N] [--trace] [--workers 2]`: runs many
 * seeds, or one of them with its trace. Stops at the first broken promise, and prints the command that replays it.
 */
import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import { Worker } from "node:worker_threads"
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
    workers: { type: "string" },
    trace: { type: "boolean", default: false }
  }
})
const steps = Number(values.steps)
const from = Number(values.from)
const seeds = Number(values.seeds)

const report = ({ seed, violation }: Outcome): void => {
  const fewest = shrink(seed, steps)
  console.error(`violated: ${violation}`)
  console.error(`pnpm simulate --seed ${seed} --steps ${fewest} --trace`)
  process.exitCode = 1
}

const runOne = (seed: number): void => {
  const outcome = simulate({ seed, steps, keepTrace: values.trace })
  for (const line of outcome.trace) console.log(line)
  console.log(`seed ${seed}, ${outcome.steps} steps, trace ${outcome.hash}`)
  if (outcome.violation === undefined) return
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
        const range: Range = { from: next, count: Math.min(chunk, from + seeds - next), steps }
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
  const { totals } = sum
  console.log(`${sum.seeds} seeds, ${rate()} per minute, ${sum.steps} steps`)
  console.log(describe(totals))
  if (failed !== undefined) report(failed)
}

if (values.seed === undefined) await runMany()
else runOne(Number(values.seed))
