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
import { passHooksToTests } from "./coverage.ts"
import { deadline, notTested, setTestRun } from "./environment.ts"

/** How long a test may take that runs code with a mutant, in milliseconds: at least this, and so many times as before. */
const minTestTimeout = 2_500
const testTimeoutFactor = 10
/** The same for all tests of a run. */
const minRunTimeout = 15_000
const runTimeoutFactor = 4

const dryRunTimeout = 15 * 60_000

/** How long each test took without a mutant, in the sandbox, where the other runners find it. */
const timesFile = "test-times.json"

const isTimeRecord = (value: unknown): value is Readonly<Record<string, number>> =>
  typeof value === "object" && value !== null && Object.values(value).every((one) => typeof one === "number")

const readTimes = (): Readonly<Record<string, number>> => {
  const times: unknown = JSON.parse(readFileSync(timesFile, "utf8"))
  if (!isTimeRecord(times)) throw new Error(`${timesFile} has no times`)
  return times
}

const isPastDeadline = (): boolean => {
  const time = process.env[deadline]
  return time !== undefined && Date.now() > Number(time)
}

export class TestRunner implements StrykerTestRunner {
  private readonly vitest: StrykerTestRunner
  private times: Readonly<Record<string, number>> | undefined
  private isFreshNext = true

  constructor(vitest: StrykerTestRunner) {
    this.vitest = vitest
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
    setTestRun({ isFresh: true, testTimeout: 120_000, runTimeout: dryRunTimeout })
    const result = await this.vitest.dryRun(options)
    if (result.status !== DryRunStatus.Complete) return result
    const { mutantCoverage, tests } = result
    writeFileSync(timesFile, JSON.stringify(Object.fromEntries(tests.map(({ id, timeSpentMs }) => [id, timeSpentMs]))))
    return mutantCoverage === undefined
      ? result
      : { ...result, mutantCoverage: passHooksToTests(mutantCoverage, tests.map(({ id }) => id)) }
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    if (isPastDeadline()) return { status: MutantRunStatus.Error, errorMessage: notTested }
    this.times ??= readTimes()
    const times = options.testFilter?.map((id) => this.times?.[id] ?? 0) ?? Object.values(this.times)
    const isStatic = options.mutantActivation === "static"
    const runTimeout = minRunTimeout + runTimeoutFactor * times.reduce((sum, time) => sum + time, 0)
    setTestRun({
      isFresh: isStatic || this.isFreshNext,
      testTimeout: minTestTimeout + testTimeoutFactor * Math.max(...times),
      runTimeout
    })
    const start = Date.now()
    this.isFreshNext = true
    try {
      const result = await this.vitest.mutantRun(options)
      // a test that still hangs, and a mutant that was active while modules were loaded, must not affect the next run
      const isHanging = result.status === MutantRunStatus.Killed && result.failureMessage.includes("timed out")
      this.isFreshNext = isStatic || isHanging || result.status === MutantRunStatus.Error
      return result
    } catch (error) {
      if (Date.now() - start < runTimeout) throw error
      return { status: MutantRunStatus.Timeout }
    }
  }
}
