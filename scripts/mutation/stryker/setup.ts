/** Runs before each test file, after Stryker's own set-up. */
import { afterAll, beforeAll, expect, inject } from "vitest"

declare module "vitest" {
  interface ProvidedContext {
    readonly mode: "dry-run" | "mutant"
    readonly mutantActivation: "runtime" | "static"
  }
}

interface Stryker {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
}

declare global {
  var __stryker__: Stryker | undefined
}

const stryker = globalThis.__stryker__ ??= {}

/** Code that runs in a hook of a suite, where no test is current, is covered by the tests of the file. */
const recordHooks = (): void => {
  let hooks: string | undefined
  let test: string | undefined
  Object.defineProperty(stryker, "currentTestId", {
    configurable: true,
    get: () => test ?? hooks,
    set: (id: string | undefined) => {
      test = id
    }
  })
  beforeAll(() => {
    hooks = `${expect.getState().testPath}#`
  })
  afterAll(() => {
    hooks = undefined
  })
}

if (inject("mode") === "dry-run") recordHooks()
// the thread may still have the mutant of the run before, while it loads the test file
else if (inject("mutantActivation") === "runtime") stryker.activeMutant = undefined
