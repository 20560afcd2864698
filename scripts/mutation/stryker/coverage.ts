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
 * Passes on to the tests of a file what it runs in its hooks, and while it is loaded. The latter only if a test runs that code
 * too: for other code it is not known which files depend on it, because modules are loaded by the first one that imports them.
 */
export const passToTests = ({ perTest, static: other }: MutantCoverage, testIds: ReadonlyArray<string>): Coverage => {
  const files = new Map<string, Array<string>>()
  for (const id of testIds) {
    const file = id.slice(0, id.indexOf("#"))
    files.set(file, [...files.get(file) ?? [], id])
  }
  const tests = new Map<string, CoverageData>(testIds.map((id) => [id, { ...perTest[id] }]))
  const pass = (file: string, hits: CoverageData | undefined, isPassed: (mutant: string) => boolean): void => {
    for (const test of files.get(file) ?? []) {
      const sum = tests.get(test) ?? {}
      for (const mutant of mutantsOf(hits)) {
        if (isPassed(mutant)) sum[mutant] = (sum[mutant] ?? 0) + (hits?.[mutant] ?? 0)
      }
    }
  }
  for (const file of files.keys()) pass(file, perTest[idInHooks(file)], () => true)
  const run = new Set([...tests.values()].flatMap(mutantsOf))
  const loading = new Set(mutantsOf(other))
  const onlyLoaded: CoverageData = Object.fromEntries(Object.entries(other).filter(([mutant]) => !run.has(mutant)))
  for (const file of files.keys()) {
    const hits = perTest[idWhileLoading(file)]
    pass(file, hits, (mutant) => run.has(mutant))
    for (const mutant of mutantsOf(hits)) {
      loading.add(mutant)
      if (!run.has(mutant)) onlyLoaded[mutant] = (onlyLoaded[mutant] ?? 0) + (hits?.[mutant] ?? 0)
    }
  }
  return { coverage: { static: onlyLoaded, perTest: Object.fromEntries(tests) }, loading: [...loading] }
}
