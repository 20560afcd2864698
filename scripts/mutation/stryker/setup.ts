/** Runs before each test file, after Stryker's own set-up. */
import { afterAll, beforeAll, expect, inject } from "vitest"
import { idInHooks, idWhileLoading } from "./coverage.ts"

declare module "vitest" {
  interface ProvidedContext {
    readonly mode: "dry-run" | "mutant"
    readonly mutantActivation: "runtime" | "static"
  }
}

interface Stryker {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  mutantCoverage?: { static: object; perTest: object }
}

declare global {
  var __stryker__: Stryker | undefined
}

const stryker = globalThis.__stryker__ ??= {}

/** Records which file runs code while it is loaded, and in its hooks, where no test is current. */
const recordFile = (): void => {
  const file = expect.getState().testPath ?? ""
  // what the files before have run was reported with them
  if (stryker.mutantCoverage !== undefined) Object.assign(stryker.mutantCoverage, { static: {}, perTest: {} })
  let test: string | undefined
  let outside: string | undefined = idWhileLoading(file)
  Object.defineProperty(stryker, "currentTestId", {
    configurable: true,
    get: () => test ?? outside,
    set: (id: string | undefined) => {
      test = id
    }
  })
  beforeAll(() => {
    outside = idInHooks(file)
  })
  afterAll(() => {
    outside = undefined
  })
}

if (inject("mode") === "dry-run") recordFile()
// the thread may still have the mutant of the run before, while it loads the test file
else if (inject("mutantActivation") === "runtime") stryker.activeMutant = undefined
