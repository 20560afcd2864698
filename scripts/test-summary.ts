/**
 * Adds up the results that vitest wrote for every package, and prints them as one line. Fails when a test failed, when
 * there was none, or when a package with tests has no results.
 */
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"

const root = dirname(import.meta.dirname)

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

const total = { passed: 0, failed: 0, skipped: 0 }
/** Tests of types hold when `check` does: they are counted, and are among those that passed. */
let ofTypes = 0
const problems: Array<string> = []

const withTests = globSync(
  "{packages/*,examples,examples/*,browser,benchmarks,conformance,chaos,simulation}/test/**/*.test.ts",
  {
    cwd: root
  }
)
  .map((file) => file.split("/test/", 1)[0] ?? "")
for (const directory of [...new Set(withTests)].toSorted()) {
  const file = join(root, directory, ".vitest/results.json")
  const report: unknown = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined
  if (!isRecord(report)) {
    problems.push(`${directory}: no results`)
    continue
  }
  const count = (...keys: ReadonlyArray<string>): number =>
    keys.reduce((sum, key) => sum + (typeof report[key] === "number" ? report[key] : 0), 0)
  total.passed += count("numPassedTests")
  total.failed += count("numFailedTests")
  total.skipped += count("numPendingTests", "numTodoTests")
  const files: ReadonlyArray<unknown> = Array.isArray(report["testResults"]) ? report["testResults"] : []
  for (const file of files) {
    if (!isRecord(file) || !String(file["name"]).endsWith("/test/types.test.ts")) continue
    if (Array.isArray(file["assertionResults"])) ofTypes += file["assertionResults"].length
  }
  if (report["success"] !== true) problems.push(`${directory}: failed`)
}

for (const problem of problems) console.error(problem)
console.log(`on the level of types: ${ofTypes}`)
console.log(`tests: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = problems.length > 0 || total.failed > 0 || total.passed === 0 ? 1 : 0
