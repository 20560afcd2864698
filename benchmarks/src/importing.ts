/** Row 11: how long it takes to import the Promise client as one file. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { entry, withEsbuild } from "./bundlers.ts"
import { type Benchmark, format, spreadOf } from "./harness.ts"

const rounds = 15

/** Milliseconds that a process of its own takes to import it. */
const importTime = (url: string): number =>
  Number(execFileSync(process.execPath, [
    "--input-type=module",
    "--eval",
    `const began = performance.now(); await import(${JSON.stringify(url)}); console.log(performance.now() - began)`
  ], { encoding: "utf8" }))

export const benchmark: Benchmark = {
  about: "The whole Promise client with Effect in it, imported as one file by a fresh process, beside a part of Effect "
    + "that is imported as the many files it is published in.",
  run: async () => {
    const directory = mkdtempSync(join(tmpdir(), "importing-"))
    try {
      const file = join(directory, "whole.mjs")
      writeFileSync(file, await withEsbuild(entry("whole")))
      const bundled: Array<number> = []
      const unbundled: Array<number> = []
      for (let round = 0; round < rounds; round++) {
        bundled.push(importTime(pathToFileURL(file).href))
        unbundled.push(importTime(import.meta.resolve("effect/Schema")))
      }
      return [{
        row: "11",
        what: "import as one file",
        unit: "ms",
        spread: spreadOf(bundled),
        baseline: `effect/Schema in its many files: ${format(spreadOf(unbundled).median)} ms`,
        goal: { is: "at most", value: 25 }
      }]
    } finally {
      rmSync(directory, { recursive: true })
    }
  }
}
