/**
 * Which tests run code. Stryker's runner records this by the id of the test that is current, `FILE#TITLE`. Code also runs
 * when none is: while a file and the modules it imports are loaded, and in hooks. `setup.ts` has it recorded under these ids.
 */
import type { CoverageData, MutantCoverage } from "@stryker-mutator/api/core"

const inHooks = "#"
const whileLoading = "##"

export const idInHooks = (file: string): string => `${file}${inHooks}`
export const idWhileLoading = (file: string): string => `${file}${whileLoading}`

const mutantsOf = (hits: CoverageData | undefined): ReadonlyArray<string> => Object.keys(hits ?? {})

export interface Coverage {
  /** As Stryker knows it: `static` has the mutants that no test runs, only modules that are loaded. */
  readonly coverage: MutantCoverage
  /** The mutants in code that runs while modules are loaded, which must be active by then. */
  readonly loading: ReadonlyArray<string>
}

/**
 * Attributes what a file runs in its hooks to all of its tests. What it runs while it is loaded is attributed to them only if
 * some test runs that code too. Other code that runs while modules are loaded belongs to no file: the first one that imports
 * a module loads it for all others.
 */
export const attributeToTests = (
  { perTest, static: loaded }: MutantCoverage,
  testIds: ReadonlyArray<string>
): Coverage => {
  const files = new Map<string, Array<string>>()
  for (const id of testIds) {
    const file = id.slice(0, id.indexOf("#"))
    files.set(file, [...files.get(file) ?? [], id])
  }
  const tests = new Map<string, CoverageData>(testIds.map((id) => [id, { ...perTest[id] }]))
  const attribute = (file: string, hits: CoverageData | undefined, isIncluded: (mutant: string) => boolean): void => {
    for (const test of files.get(file) ?? []) {
      const sum = tests.get(test)
      if (sum === undefined) continue
      for (const mutant of mutantsOf(hits)) {
        if (isIncluded(mutant)) sum[mutant] = (sum[mutant] ?? 0) + (hits?.[mutant] ?? 0)
      }
    }
  }
  for (const file of files.keys()) attribute(file, perTest[idInHooks(file)], () => true)
  const run = new Set([...tests.values()].flatMap(mutantsOf))
  const loading = new Set(mutantsOf(loaded))
  const withoutTest: CoverageData = Object.fromEntries(Object.entries(loaded).filter(([mutant]) => !run.has(mutant)))
  for (const file of files.keys()) {
    const hits = perTest[idWhileLoading(file)]
    attribute(file, hits, (mutant) => run.has(mutant))
    for (const mutant of mutantsOf(hits)) {
      loading.add(mutant)
      if (!run.has(mutant)) withoutTest[mutant] = (withoutTest[mutant] ?? 0) + (hits?.[mutant] ?? 0)
    }
  }
  return { coverage: { static: withoutTest, perTest: Object.fromEntries(tests) }, loading: [...loading] }
}
