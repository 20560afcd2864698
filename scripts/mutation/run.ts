/** Runs StrykerJS over one package, in a copy of the repository in `.stryker`. */
import type { MutantResult } from "@stryker-mutator/api/core"
import { Stryker } from "@stryker-mutator/core"
import { rmSync } from "node:fs"
import { mutatedPackage } from "./stryker/environment.ts"
import type { Package } from "./suites.ts"

export interface Run {
  readonly package: Package
  /** Globs, from the root of the repository; each may end in `:START-END`, a range of lines. */
  readonly mutate: ReadonlyArray<string>
  /** Whether results of earlier runs are discarded. */
  readonly force: boolean
}

/** The results of all mutants of the run, with positions counted from 1. */
export const runStryker = async (run: Run): Promise<ReadonlyArray<MutantResult>> => {
  process.env[mutatedPackage] = run.package
  const sandbox = `.stryker/sandbox-${process.pid}`
  try {
    return await new Stryker({
      configFile: "scripts/mutation/stryker/options.json",
      mutate: [...run.mutate],
      tempDirName: sandbox,
      incrementalFile: `.stryker/${run.package}.json`,
      force: run.force
    }).runMutationTest()
  } finally {
    // Stryker leaves it if a test has just written a file
    rmSync(sandbox, { recursive: true, force: true })
  }
}
