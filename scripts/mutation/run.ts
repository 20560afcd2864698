/** Tests the mutants of one package with StrykerJS, in a copy of the repository in `.stryker`. */
import { Stryker } from "@stryker-mutator/core"
import { globSync, rmSync } from "node:fs"
import { join } from "node:path"
import { discardIfStale, discardNotTested } from "./incremental.ts"
import { isKilled, isSurvivor, type Mutation, toMutations } from "./results.ts"
import { isInScope, patternsOf, type Scope } from "./scope.ts"
import { setEnvironment } from "./stryker/environment.ts"
import { folderOf, ownTestsOf, type Package, suiteOf } from "./suites.ts"

export interface Run {
  readonly root: string
  readonly package: Package
  readonly scope: Scope
  /** Whether results of earlier runs are discarded. */
  readonly force: boolean
  /** Whether mutants that survive are tested again with the tests of more folders. */
  readonly wide: boolean
  readonly concurrency: number
  /** When no further mutant is tested, in milliseconds since 1970. */
  readonly deadline: number | undefined
}

interface Stage {
  /** Distinguishes the results from those of the other stages. */
  readonly name: string
  /** Folders and test files in `packages`. */
  readonly tests: ReadonlyArray<string>
  readonly scope: Scope
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Removes the copies of the repository that runs left behind which were killed. */
const removeAbandoned = (root: string): void => {
  for (const folder of globSync(".stryker/sandbox-*", { cwd: root })) {
    if (!isRunning(Number(folder.split("-").at(-1)))) rmSync(join(root, folder), { recursive: true, force: true })
  }
}

/** Some test fails without a mutant. */
export class TestsFail extends Error {}

const runStage = async (run: Run, stage: Stage): Promise<ReadonlyArray<Mutation>> => {
  const sandbox = `.stryker/sandbox-${process.pid}`
  const incrementalFile = `.stryker/${stage.name}.json`
  discardIfStale(run.root, incrementalFile, stage.tests.map(folderOf))
  removeAbandoned(run.root)
  setEnvironment({ package: run.package, tests: stage.tests, deadline: run.deadline })
  try {
    const results = await new Stryker({
      configFile: "scripts/mutation/stryker/options.json",
      mutate: patternsOf(stage.scope),
      tempDirName: sandbox,
      incrementalFile,
      force: run.force,
      concurrency: run.concurrency
    }).runMutationTest()
    // results of earlier runs of other lines are among them
    return toMutations(run.root, results).filter(({ file, lines }) => isInScope(stage.scope, file, lines))
  } catch (error) {
    // Stryker has logged which ones
    const isFailingDryRun = error instanceof Error && error.message.includes("failed tests in the initial test run")
    throw isFailingDryRun ? new TestsFail("some tests fail without a mutant: mend them first") : error
  } finally {
    // Stryker leaves it if a test has just written a file
    rmSync(sandbox, { recursive: true, force: true })
    discardNotTested(join(run.root, incrementalFile))
  }
}

/** What became of mutants after the next stage, which has tested those that were not killed once more. */
const afterStage = (
  mutations: ReadonlyArray<Mutation>,
  next: ReadonlyArray<Mutation>
): ReadonlyArray<Mutation> => {
  const byKey = new Map(next.map((mutation) => [mutation.key, mutation]))
  return mutations.map((mutation) => isKilled(mutation) ? mutation : byKey.get(mutation.key) ?? mutation)
}

/** The lines of mutants. */
const scopeOfMutations = (mutations: ReadonlyArray<Mutation>): Scope => {
  const files = [...new Set(mutations.map(({ file }) => file))]
  return new Map(files.map((file) => [file, mutations.filter((one) => one.file === file).map(({ lines }) => lines)]))
}

/** When the next of some files has used up its share of the time that is left. */
const shareOf = (deadline: number | undefined, files: number): number | undefined => {
  const now = Date.now()
  return deadline === undefined ? undefined : now + Math.max(0, deadline - now) / files
}

/**
 * What the tests that are named after each file make of its mutants. Few tests are fast, and kill most of them. Files
 * without such tests are missing.
 */
const runOwnTests = async (run: Run): Promise<ReadonlyMap<string, ReadonlyArray<Mutation>>> => {
  const results = new Map<string, ReadonlyArray<Mutation>>()
  const files = [...run.scope].map(([file, ranges]) => ({
    file,
    ranges,
    tests: ownTestsOf(run.root, run.package, file)
  })).filter(({ tests }) => tests.length > 0)
  for (const [index, { file, ranges, tests }] of files.entries()) {
    const deadline = shareOf(run.deadline, files.length - index)
    const stage = { name: `${run.package}-own/${file.replaceAll("/", ".")}`, tests, scope: new Map([[file, ranges]]) }
    const mutations = await runStage({ ...run, deadline }, stage)
    if (mutations.length > 0) results.set(file, mutations)
  }
  return results
}

/** What became of each mutant of the scope. */
export const runMutants = async (run: Run): Promise<ReadonlyArray<Mutation>> => {
  const { tests, wide } = suiteOf(run.package)
  const own = await runOwnTests(run)
  const early = [...own.values()].flat()
  const remaining = new Map([
    ...[...run.scope].filter(([file]) => !own.has(file)),
    ...scopeOfMutations(early.filter((mutation) => !isKilled(mutation)))
  ])
  const late = remaining.size === 0 ? [] : await runStage(run, { name: run.package, tests, scope: remaining })
  const mutations = [...afterStage(early, late), ...late.filter(({ file }) => !own.has(file))]
  const survivors = mutations.filter(isSurvivor)
  if (!run.wide || wide.length === 0 || survivors.length === 0) return mutations
  const scope = scopeOfMutations(survivors)
  const widely = await runStage(run, { name: `${run.package}-wide`, tests: wide, scope })
  return afterStage(mutations, widely.filter(isKilled))
}
