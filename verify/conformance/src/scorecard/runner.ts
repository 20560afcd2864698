/** Runs scenarios with implementations, several at a time. */
import { Harness } from "./Harness.ts"
import type { Implementation } from "./implementations/Implementation.ts"
import type { Scenario, ScenarioResult } from "./scenarios/Scenario.ts"

/** The result of a scenario; `error` when it could not be completed, which is not a fault of the implementation. */
export interface Result {
  readonly mark: ScenarioResult["mark"] | "error"
  readonly observed: string
}

/** Runs a scenario with an implementation, on a sandbox of its own. */
export const runScenario = async (scenario: Scenario, implementation: Implementation): Promise<Result> => {
  try {
    await using harness = await Harness.open(implementation)
    return await scenario.run(harness, implementation)
  } catch (error) {
    return { mark: "error", observed: error instanceof Error ? error.message : String(error) }
  }
}

export interface Row {
  readonly scenario: Scenario
  readonly results: ReadonlyArray<Result>
}

/** Runs every scenario with every implementation. */
export const runAll = async (
  scenarios: ReadonlyArray<Scenario>,
  implementations: ReadonlyArray<Implementation>,
  concurrency: number,
  onResult: (line: string) => void
): Promise<ReadonlyArray<Row>> => {
  const rows = scenarios.map((scenario) => ({
    scenario,
    results: implementations.map((): Result => ({ mark: "error", observed: "not run" }))
  }))
  // the last scenarios take longest, so they start first
  const queue = rows.toReversed().flatMap(({ results, scenario }) =>
    implementations.map((implementation, index) => async () => {
      const result = await runScenario(scenario, implementation)
      results[index] = result
      onResult(
        `${scenario.id} · ${implementation.name} ${implementation.version} · ${result.mark} · ${result.observed}`
      )
    })
  )
  const worker = async () => {
    for (;;) {
      const next = queue.shift()
      if (next === undefined) return
      await next()
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return rows
}
