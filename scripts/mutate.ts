/**
 * Changes the sources of packages in many small ways, one at a time, and reports the changes that no test notices.
 *
 * `node scripts/mutate.ts [PACKAGE ...] [--files GLOB] [--lines A-B] [--force]`
 */
import { readFileSync } from "node:fs"
import { dirname } from "node:path"
import { parseArgs } from "node:util"
import { percentKilled, scoreOf, survivorLines, toMutation } from "./mutation/results.ts"
import { runStryker } from "./mutation/run.ts"
import { isPackage, packages } from "./mutation/suites.ts"

const threshold = 92

const root = dirname(import.meta.dirname)
process.chdir(root)
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    files: { type: "string" },
    lines: { type: "string" },
    force: { type: "boolean", default: false }
  }
})

const unknown = positionals.filter((name) => !isPackage(name))
if (unknown.length > 0) throw new Error(`not a package that is mutated: ${unknown.join(", ")}`)
const chosen = positionals.length === 0 ? packages : positionals.filter(isPackage)

for (const name of chosen) {
  const files = values.files === undefined
    ? [`packages/${name}/src/**/*.ts`, `!packages/${name}/src/index.ts`]
    : [`packages/${name}/src/${values.files}${values.lines === undefined ? "" : `:${values.lines}`}`]
  const results = await runStryker({ package: name, mutate: files, force: values.force })
  const mutations = results.map((result) => toMutation(root, result, readFileSync(result.fileName, "utf8")))
  for (const line of survivorLines(mutations)) console.log(line)
  const score = scoreOf(mutations)
  const percent = percentKilled(score)
  console.log(`${name}: ${percent.toFixed(1)} % of ${score.killed + score.survived} mutants killed`)
  if (values.files === undefined && percent < threshold) process.exitCode = 1
}
