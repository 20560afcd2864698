/** Stryker's runner for Vitest, with a thread that outlives a run of tests, short timeouts and a deadline. */
import {
  type DryRunOptions,
  type DryRunResult,
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestRunner as StrykerTestRunner
} from "@stryker-mutator/api/test-runner"
import { readFileSync, writeFileSync } from "node:fs"
import { attributeToTests } from "./coverage.ts"
import { getEnvironment, setTestRun, takeAbandoned } from "./environment.ts"

/**
 * How long the slowest test may take with a mutant, in milliseconds, when it took `time` without. A test that runs into this
 * waits for something that the mutant prevents.
 */
const testTimeoutOf = (time: number): number => 2_500 + 5 * time
/** How long the thread may report nothing, when the slowest test takes `time`. */
const silenceTimeoutOf = (time: number): number => 8_000 + 3 * time
const hookTimeout = 15_000

/** What the runner that runs the tests without a mutant finds out, for itself and the other ones. */
interface DryRun {
  /** How long each test takes, in milliseconds. */
  readonly times: Readonly<Record<string, number>>
  /** The mutants that must be active while modules are loaded. */
  readonly loading: ReadonlyArray<string>
}

/** In the sandbox, which is the working directory of all runners. */
const dryRunFile = "dry-run.json"

const isDryRun = (value: unknown): value is DryRun =>
  typeof value === "object" && value !== null && "times" in value && typeof value.times === "object" &&
  Object.values(value.times ?? {}).every((time) => typeof time === "number") &&
  "loading" in value && Array.isArray(value.loading) && value.loading.every((id) => typeof id === "string")

const readDryRun = (): DryRun => {
  const dryRun: unknown = JSON.parse(readFileSync(dryRunFile, "utf8"))
  if (!isDryRun(dryRun)) throw new Error(`${dryRunFile} is incomplete`)
  return dryRun
}

export class TestRunner implements StrykerTestRunner {
  private readonly vitest: StrykerTestRunner
  private previous: DryRun | undefined
  private isFreshNext = true
  private readonly deadline: number

  constructor(vitest: StrykerTestRunner) {
    this.vitest = vitest
    this.deadline = getEnvironment().deadline ?? Infinity
  }

  capabilities() {
    return this.vitest.capabilities()
  }

  async init(): Promise<void> {
    await this.vitest.init?.()
  }

  async dispose(): Promise<void> {
    await this.vitest.dispose?.()
  }

  async dryRun(options: DryRunOptions): Promise<DryRunResult> {
    const timeout = 120_000
    setTestRun({
      isFresh: true,
      retries: 2,
      testTimeout: timeout,
      hookTimeout: timeout,
      silenceTimeout: 2 * timeout
    })
    const result = await this.vitest.dryRun(options)
    if (result.status !== DryRunStatus.Complete) return result
    // there is no coverage if no test loads a mutated module
    const { mutantCoverage = { static: {}, perTest: {} } } = result
    const { coverage, loading } = attributeToTests(mutantCoverage, result.tests.map(({ id }) => id))
    const times = Object.fromEntries(result.tests.map(({ id, timeSpentMs }) => [id, timeSpentMs]))
    writeFileSync(dryRunFile, JSON.stringify({ times, loading } satisfies DryRun))
    return { ...result, mutantCoverage: coverage }
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const { activeMutant } = options
    if (Date.now() > this.deadline) return { status: MutantRunStatus.Error, errorMessage: "not tested" }
    const { loading, times } = this.previous ??= readDryRun()
    const slowest = Math.max(...(options.testFilter ?? Object.keys(times)).map((id) => times[id] ?? 0))
    if (options.mutantActivation === "static") return this.runLoading(options, slowest)
    const result = await this.run(options, slowest, this.isFreshNext)
    const isKilled = result.status !== MutantRunStatus.Survived
    return isKilled || !loading.includes(activeMutant.id) ? result : this.runLoading(options, slowest)
  }

  /** With the mutant active while modules are loaded: this needs a new thread, and so does the next run. */
  private async runLoading(options: MutantRunOptions, slowest: number): Promise<MutantRunResult> {
    const result = await this.run({ ...options, mutantActivation: "static" }, slowest, true)
    this.isFreshNext = true
    return result
  }

  private async run(options: MutantRunOptions, slowest: number, isFresh: boolean): Promise<MutantRunResult> {
    setTestRun({
      isFresh,
      retries: 0,
      testTimeout: testTimeoutOf(slowest),
      hookTimeout,
      silenceTimeout: silenceTimeoutOf(slowest)
    })
    this.isFreshNext = true
    const result = await this.vitest.mutantRun(options)
    if (takeAbandoned()) return { status: MutantRunStatus.Timeout }
    // a test that still hangs must not affect the next run
    const isHanging = result.status === MutantRunStatus.Killed && result.failureMessage.includes("timed out")
    this.isFreshNext = isHanging || result.status === MutantRunStatus.Error
    // an error outside of tests, such as that of a module that cannot be loaded, or a rejection that nothing handles
    return result.status === MutantRunStatus.Error
      ? { status: MutantRunStatus.Killed, killedBy: [], failureMessage: result.errorMessage, nrOfTests: 0 }
      : result
  }
}
