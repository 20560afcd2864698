/**
 * What `pnpm mutate` passes to the processes that run tests. Stryker starts these, and Vitest loads its configuration and
 * its pool apart from Stryker's plugins, so that environment variables are what all of them share.
 */

/** The package that is mutated. */
export const mutatedPackage = "MUTATED_PACKAGE"

/** When no further mutant is tested, in milliseconds since 1970; not set if there is no limit. */
export const deadline = "MUTATION_DEADLINE"

/** Why a mutant has no result after the deadline. */
export const notTested = "not tested: no time left"

/** What the next run of tests needs. */
export interface TestRun {
  /** Whether a new thread loads the modules: for code that runs while its module is loaded, and after a test that hangs. */
  readonly isFresh: boolean
  /** How long one test may take, in milliseconds. */
  readonly testTimeout: number
  /** How long all tests may take, in milliseconds. */
  readonly runTimeout: number
}

const testRun = "MUTATION_TEST_RUN"

export const setTestRun = ({ isFresh, testTimeout, runTimeout }: TestRun): void => {
  process.env[testRun] = [isFresh ? 1 : 0, testTimeout, runTimeout].join(" ")
}

export const getTestRun = (): TestRun => {
  const [isFresh = 1, testTimeout = 0, runTimeout = 0] = (process.env[testRun] ?? "").split(" ").map(Number)
  return { isFresh: isFresh === 1, testTimeout, runTimeout }
}
