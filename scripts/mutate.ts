/**
 * Mutation tests: changes the sources of packages in many small ways, one at a time, and reports the changes that no test
 * notices. `CONTRIBUTING.md` tells how to read the report.
 *
 * `node scripts/mutate.ts [PACKAGE ...] [--files GLOB] [--lines A-B] [--wide] [--force] [--minutes N] [--concurrency N]`
 *
 * `--files` and `--lines` choose one place; `--wide` also runs slower tests for the mutants that survive; `--force` forgets
 * the results of earlier runs; `--minutes` ends the run early. `--changed [BASE]` mutates only lines that differ from a commit.
 */
import { dirname } from "node:path"
import { parseArgs } from "node:util"
import { changedScopes, defaultBase } from "./mutation/changedLines.ts"
import { equivalentsOf, setApart } from "./mutation/equivalents.ts"
import { isNotTested, isSurvivor, percentKilled } from "./mutation/results.ts"
import { runMutants } from "./mutation/run.ts"
import { parseLines, type Scope, scopeOf } from "./mutation/scope.ts"
import { isPackage, type Package, packages } from "./mutation/suites.ts"
import { notTestedLines, summaryLine, survivorLines } from "./mutation/table.ts"

/** The part of the mutants of a package that its tests must kill, in percent. */
const threshold = 92

const root = dirname(import.meta.dirname)
process.chdir(root)

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    changed: { type: "boolean", default: false },
    files: { type: "string" },
    lines: { type: "string" },
    wide: { type: "boolean", default: false },
    force: { type: "boolean", default: false },
    minutes: { type: "string" },
    concurrency: { type: "string", default: "1" }
  }
})

const numberOf = (option: "minutes" | "concurrency"): number => {
  const number = Number(values[option] ?? Infinity)
  if (!(number > 0)) throw new Error(`--${option} must be a number above 0`)
  return number
}

const packagesOf = (names: ReadonlyArray<string>): ReadonlyArray<Package> => {
  const unknown = names.filter((name) => !isPackage(name))
  if (unknown.length > 0) {
    throw new Error(`not a package that is mutated (${packages.join(", ")}): ${unknown.join(", ")}`)
  }
  return names.length === 0 ? packages : names.filter(isPackage)
}

const scopes = (): ReadonlyMap<Package, Scope> => {
  if (values.changed) return changedScopes(root, positionals[0] ?? defaultBase(root))
  const ranges = values.lines === undefined ? [] : [parseLines(values.lines)]
  const all = packagesOf(positionals).map((name) => [name, scopeOf(root, name, values.files, ranges)] as const)
  return new Map(all.filter(([, scope]) => scope.size > 0))
}

const isWhole = !values.changed && values.files === undefined
const deadline = values.minutes === undefined ? undefined : Date.now() + numberOf("minutes") * 60_000
const chosen = scopes()
if (chosen.size === 0) console.log(values.changed ? "no source line has changed" : "no source has that name")

for (const [name, scope] of chosen) {
  if (deadline !== undefined && Date.now() > deadline) {
    console.log(`${name}: not tested, no time left`)
    continue
  }
  const start = Date.now()
  const mutations = await runMutants({
    root,
    package: name,
    scope,
    force: values.force,
    wide: values.wide,
    concurrency: numberOf("concurrency"),
    deadline
  })
  const isComplete = (file: string): boolean => isWhole || scope.get(`packages/${name}/src/${file}`)?.length === 0
  const { counted, equivalent, problems } = setApart(equivalentsOf[name], mutations, isComplete)
  for (const line of [...survivorLines(counted), ...notTestedLines(counted), ...problems]) console.log(line)
  console.log(summaryLine({ name, counted, equivalent, seconds: (Date.now() - start) / 1000 }))
  const isBelow = isWhole && !counted.some(isNotTested) && percentKilled(counted) < threshold
  if (isBelow) console.log(`${name}: below ${threshold} %`)
  if (isBelow || problems.length > 0 || (values.changed && counted.some(isSurvivor))) process.exitCode = 1
}
