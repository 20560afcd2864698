/** Which tests run code, as Stryker's runner reports it. */
import type { CoverageData, MutantCoverage } from "@stryker-mutator/api/core"

/** `setup.ts` records what the hooks of suites run under the id of a test without a name. */
const fileOf = (testId: string): string | undefined => testId.endsWith("#") ? testId.slice(0, -1) : undefined

const sum = (one: CoverageData, other: CoverageData): CoverageData => {
  const result = { ...one }
  for (const [mutant, hits] of Object.entries(other)) result[mutant] = (result[mutant] ?? 0) + hits
  return result
}

/** Passes what the hooks of a file's suites run to each of the file's tests. */
export const passHooksToTests = (coverage: MutantCoverage, testIds: ReadonlyArray<string>): MutantCoverage => {
  const perTest = new Map(Object.entries(coverage.perTest).filter(([id]) => fileOf(id) === undefined))
  for (const [id, hits] of Object.entries(coverage.perTest)) {
    const file = fileOf(id)
    if (file === undefined) continue
    for (const test of testIds) if (test.startsWith(`${file}#`)) perTest.set(test, sum(perTest.get(test) ?? {}, hits))
  }
  return { static: coverage.static, perTest: Object.fromEntries(perTest) }
}
