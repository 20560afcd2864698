/**
 * What `pnpm mutate` passes to the processes that run tests. Stryker starts these, and Vitest loads its configuration and
 * its pool apart from Stryker's plugins, so that environment variables are what all of them share.
 */

const names = {
  package: "MUTATED_PACKAGE",
  tests: "MUTATION_TESTS",
  deadline: "MUTATION_DEADLINE",
  testRun: "MUTATION_TEST_RUN",
  abandoned: "MUTATION_ABANDONED"
} as const

const set = (name: string, value: string | undefined): void => {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}

export interface Environment {
  /** The package that is mutated. */
  readonly package: string
  /** The folders in `packages` whose tests run, and test files there. */
  readonly tests: ReadonlyArray<string>
  /** When no further mutant is tested, in milliseconds since 1970. */
  readonly deadline: number | undefined
}

export const setEnvironment = (environment: Environment): void => {
  set(names.package, environment.package)
  set(names.tests, environment.tests.join(" "))
  set(names.deadline, environment.deadline?.toString())
}

export const getEnvironment = (): Environment => {
  const deadline = process.env[names.deadline]
  return {
    package: process.env[names.package] ?? "",
    tests: (process.env[names.tests] ?? "").split(" "),
    deadline: deadline === undefined ? undefined : Number(deadline)
  }
}

/** What the next run of tests needs. Times are in milliseconds. */
export interface TestRun {
  /** Whether a new thread loads the modules: for code that runs while its module is loaded, and after a test that hangs. */
  readonly isFresh: boolean
  /** How often a test that fails is run again. */
  readonly retries: number
  /** How long one test may take. */
  readonly testTimeout: number
  /** How long a hook may take, such as one that starts a server. */
  readonly hookTimeout: number
  /** How long the thread may be silent: it reports each test, unless it is in a loop that does not end. */
  readonly silenceTimeout: number
}

export const setTestRun = (testRun: TestRun): void => {
  set(names.testRun, JSON.stringify(testRun))
}

const isTestRun = (value: unknown): value is TestRun => {
  if (typeof value !== "object" || value === null || typeof Reflect.get(value, "isFresh") !== "boolean") return false
  return ["retries", "testTimeout", "hookTimeout", "silenceTimeout"].every((name) =>
    typeof Reflect.get(value, name) === "number"
  )
}

export const getTestRun = (): TestRun => {
  const testRun: unknown = JSON.parse(process.env[names.testRun] ?? "null")
  if (!isTestRun(testRun)) throw new Error(`${names.testRun} is missing or incomplete`)
  return testRun
}

/** Records that the run was ended because its thread was silent. */
export const setAbandoned = (): void => {
  set(names.abandoned, "1")
}

/** Whether the run was ended because its thread was silent; the next run starts without that. */
export const takeAbandoned = (): boolean => {
  const isAbandoned = process.env[names.abandoned] === "1"
  set(names.abandoned, undefined)
  return isAbandoned
}
