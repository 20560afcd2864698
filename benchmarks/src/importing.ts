/** Row 11: the time to import the Promise client as one file. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { entry, withEsbuild } from "./bundlers.ts"
import { type Benchmark, type Figure, format, spreadOf } from "./harness.ts"

const rounds = 15

/** The program of the process that imports: prints the wall-clock time and the CPU time in milliseconds. */
const program = (url: string): string =>
  `const [began, before] = [performance.now(), process.cpuUsage()]
  await import(${JSON.stringify(url)})
  const { system, user } = process.cpuUsage(before)
  console.log(performance.now() - began, (system + user) / 1000)`

/** The milliseconds that a new process takes to import a module, in wall-clock time and CPU time. */
const importTime = (url: string): { readonly wall: number; readonly cpu: number } => {
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", program(url)], { encoding: "utf8" })
  const [wall = Number.NaN, cpu = Number.NaN] = printed.split(" ").map(Number)
  return { wall, cpu }
}

export const benchmark: Benchmark = {
  about: "The whole Promise client with Effect in it, imported as one file by a new process, next to a part of Effect "
    + "that is imported as the many files in which it is published.",
  run: async () => {
    const directory = mkdtempSync(join(tmpdir(), "importing-"))
    try {
      const file = join(directory, "whole.mjs")
      writeFileSync(file, await withEsbuild(entry("whole")))
      const bundled: Array<ReturnType<typeof importTime>> = []
      const unbundled: Array<ReturnType<typeof importTime>> = []
      for (let round = 0; round < rounds; round++) {
        bundled.push(importTime(pathToFileURL(file).href))
        unbundled.push(importTime(import.meta.resolve("effect/Schema")))
      }
      const figure = (what: string, clock: "wall" | "cpu"): Figure => ({
        row: "11",
        what,
        unit: "ms",
        spread: spreadOf(bundled.map((time) => time[clock])),
        baseline: `effect/Schema as many files: ${format(spreadOf(unbundled.map((time) => time[clock])).median)} ms`
      })
      return [
        { ...figure("import as one file", "wall"), goal: { is: "at most", value: 25 } },
        figure("the same in CPU time", "cpu")
      ]
    } finally {
      rmSync(directory, { recursive: true })
    }
  }
}
