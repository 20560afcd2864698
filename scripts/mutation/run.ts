/** Tests the mutants of one package with StrykerJS, in a copy of the repository in `.stryker`. */
import { Stryker } from "@stryker-mutator/core"
import { globSync, rmSync } from "node:fs"
import { join } from "node:path"
import { discardIfStale, discardNotTested } from "./incremental.ts"
import { isKilled, isSurvivor, type Mutation, toMutations } from "./results.ts"
import { isInScope, patternsOf, type Scope } from "./scope.ts"
import { setEnvironment } from "./stryker/environment.ts"
import { type Package, suiteOf } from "./suites.ts"

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
  /** Distinguishes the results from those of the other stage. */
  readonly name: string
  readonly folders: ReadonlyArray<string>
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
  discardIfStale(run.root, incrementalFile, stage.folders)
  removeAbandoned(run.root)
  setEnvironment({ package: run.package, folders: stage.folders, deadline: run.deadline })
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

/** What became of each mutant of the scope. */
export const runMutants = async (run: Run): Promise<ReadonlyArray<Mutation>> => {
  const { tests, wide } = suiteOf(run.package)
  const mutations = await runStage(run, { name: run.package, folders: tests, scope: run.scope })
  const survivors = mutations.filter(isSurvivor)
  if (!run.wide || wide.length === 0 || survivors.length === 0) return mutations
  const files = [...new Set(survivors.map(({ file }) => file))]
  const scope = new Map(
    files.map((file) =>
      [file, survivors.filter((survivor) => survivor.file === file).map(({ lines }) => lines)] as const
    )
  )
  const again = await runStage(run, { name: `${run.package}-wide`, folders: wide, scope })
  const killed = new Map(again.filter(isKilled).map((mutation) => [mutation.key, mutation]))
  return mutations.map((mutation) => killed.get(mutation.key) ?? mutation)
}
