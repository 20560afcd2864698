/**
 * Mutation tests: changes the sources of packages in many small ways, one at a time, and reports the changes that no test
 * notices. `CONTRIBUTING.md` tells how to read the report.
 *
 * `node scripts/mutate.ts [PACKAGE ...] [--files GLOB] [--lines A-B] [--wide] [--force] [--minutes N] [--concurrency N]`
 * `node scripts/mutate.ts --changed [--base COMMIT] [--wide] [--force] [--minutes N] [--concurrency N]`
 *
 * `--files` and `--lines` choose one place; `--changed` mutates the lines that differ from a commit. `--wide` also runs slower
 * tests for the mutants that survive; `--force` forgets the results of earlier runs; `--minutes` ends the run early.
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
    base: { type: "string" },
    files: { type: "string" },
    lines: { type: "string" },
    wide: { type: "boolean", default: false },
    force: { type: "boolean", default: false },
    minutes: { type: "string" },
    concurrency: { type: "string", default: "1" }
  }
})
const isOfPlace = positionals.length > 0 || values.files !== undefined || values.lines !== undefined
if (values.changed && isOfPlace) throw new Error("--changed takes no packages, --files or --lines")
if (values.base !== undefined && !values.changed) throw new Error("--base needs --changed")

const positive = (option: string, text: string): number => {
  const number = Number(text)
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

const scopesOfChanges = (): ReadonlyMap<Package, Scope> => {
  const base = values.base ?? defaultBase(root)
  const scopes = base === undefined ? new Map<Package, Scope>() : changedScopes(root, base)
  if (scopes.size === 0) console.log(base === undefined ? "there is no earlier commit" : "no source line has changed")
  return scopes
}

const scopesOfPlaces = (): ReadonlyMap<Package, Scope> => {
  const ranges = values.lines === undefined ? [] : [parseLines(values.lines)]
  const all = packagesOf(positionals).map((name) => [name, scopeOf(root, name, values.files, ranges)] as const)
  const scopes = new Map(all.filter(([, scope]) => scope.size > 0))
  if (scopes.size === 0) throw new Error(`no source matches ${values.files}`)
  return scopes
}

const concurrency = positive("concurrency", values.concurrency)
const deadline = values.minutes === undefined ? undefined : Date.now() + positive("minutes", values.minutes) * 60_000
/** Whether all mutants of all sources of a package are tested. */
const isWhole = !values.changed && values.files === undefined && values.lines === undefined

for (const [name, scope] of values.changed ? scopesOfChanges() : scopesOfPlaces()) {
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
    concurrency,
    deadline
  })
  const isComplete = (file: string): boolean => isWhole || scope.get(`packages/${name}/src/${file}`)?.length === 0
  const { counted, equivalent, problems } = setApart(equivalentsOf[name], mutations, isComplete)
  for (const line of [...survivorLines(counted), ...notTestedLines(counted), ...problems]) console.log(line)
  console.log(summaryLine({ name, counted, equivalent, seconds: (Date.now() - start) / 1000 }))
  const isBelow = isWhole && (percentKilled(counted) ?? threshold) < threshold
  if (isBelow) console.log(`${name}: below ${threshold} %`)
  const isIncomplete = deadline === undefined && counted.some(isNotTested)
  const hasNewSurvivor = values.changed && counted.some(isSurvivor)
  if (isBelow || isIncomplete || hasNewSurvivor || problems.length > 0) process.exitCode = 1
}
