/**
 * `pnpm bench` runs every benchmark, `pnpm bench decode-page` one, and `pnpm bench --steady` those whose goals apply on any
 * machine, since they are ratios or sizes. Each runs in a separate process. With `--check` it fails when three measurements
 * miss a goal by more than its tolerance; with `--write` it generates `docs/performance.md` from the last run of each
 * benchmark.
 *
 * `pnpm bench sandbox-load` puts the sandbox under load. It has its own options, and runs only by name.
 */
import { parseArgs } from "node:util"
import { type Figure, isMissed } from "./harness.ts"
import { isolated } from "./isolated.ts"
import { registry } from "./registry.ts"
import * as Report from "./report.ts"
import * as SandboxLoad from "./sandboxLoad.ts"

/** How often a benchmark is measured until it meets its goals. */
const maxMeasurements = 3

/** Measures a benchmark, saves and prints its figures, and returns those that miss their goals. */
const measureOne = async (name: string): Promise<ReadonlyArray<Figure>> => {
  const machine = Report.machine()
  const outcome = await isolated(name)
  const file = Report.save({ name, machine, ...outcome })
  console.log(`\n${name}, at a load of ${machine.load.toFixed(1)}\n\n${Report.table(outcome.figures)}\n\n${file}`)
  return outcome.figures.filter(isMissed)
}

const measure = async (args: ReadonlyArray<string>): Promise<boolean> => {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      check: { type: "boolean", default: false },
      steady: { type: "boolean", default: false },
      write: { type: "boolean", default: false }
    }
  })
  const names = Object.keys(registry)
  const unknown = positionals.filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    console.error(`There is no benchmark ${unknown.join(", ")}. Choose from: ${names.join(", ")}, sandbox-load`)
    return false
  }
  const byDefault = values.steady ? names.filter((name) => registry[name]?.steady === true) : names
  let isPassed = true
  for (const name of positionals.length > 0 ? positionals : byDefault) {
    let missed = await measureOne(name)
    for (let count = 1; values.check && missed.length > 0 && count < maxMeasurements; count++) {
      missed = await measureOne(name)
    }
    if (!values.check || missed.length === 0) continue
    isPassed = false
    console.error(`\nmissed by more than the tolerance: ${missed.map(({ what }) => what).join("; ")}`)
  }
  if (values.write) console.log(`\nwrote ${Report.write(names)}`)
  return isPassed
}

const [first, ...rest] = process.argv.slice(2)
const isPassed = first === "sandbox-load" ? await SandboxLoad.run(rest) : await measure(process.argv.slice(2))
process.exitCode = isPassed ? 0 : 1
