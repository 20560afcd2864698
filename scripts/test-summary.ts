/**
 * Adds up the results that vitest wrote for every package, and prints them as one line, after the slowest tests. Fails when
 * a test failed, when there was none, or when a package with tests has no results. Failures are repeated here, at the very
 * end, because the log of several packages side by side is long and may be truncated.
 */
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"

const root = dirname(import.meta.dirname)

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

const arrayOf = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []

/** How many characters of a failure are printed: enough for the assertion and its line. */
const reasonLength = 1500

/** The tests of a file that failed, each with the beginning of its message. */
const failuresOf = (file: Record<string, unknown>): ReadonlyArray<string> => {
  const failed = arrayOf(file["assertionResults"]).filter(isRecord).filter(({ status }) => status === "failed")
  const messages = failed.map((test) =>
    `${String(test["fullName"])}\n${arrayOf(test["failureMessages"]).join("\n").slice(0, reasonLength)}`
  )
  // a file that cannot be loaded has no tests, only a message
  return messages.length > 0 || file["status"] !== "failed"
    ? messages
    : [String(file["message"]).slice(0, reasonLength)]
}

/** The tests that took longest, each with its duration in milliseconds. */
const slowest: Array<{ readonly name: string; readonly duration: number }> = []
const slowestCount = 10

const total = { passed: 0, failed: 0, skipped: 0 }
/** Type tests pass when `check` passes: they are included in the number of tests that passed. */
let ofTypes = 0
const problems: Array<string> = []

const withTests = globSync(
  "{packages/*,packages/sandbox/page,examples,examples/*,benchmarks,scripts,verify/*}/test/**/*.test.{ts,tsx}",
  { cwd: root }
).map((file) => file.split("/test/", 1)[0] ?? "")
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
  for (const file of arrayOf(report["testResults"]).filter(isRecord)) {
    const name = String(file["name"])
    if (name.endsWith("/test/types.test.ts")) ofTypes += arrayOf(file["assertionResults"]).length
    for (const test of arrayOf(file["assertionResults"]).filter(isRecord)) {
      slowest.push({
        name: `${relative(root, name)}: ${String(test["fullName"])}`,
        duration: Number(test["duration"] ?? 0)
      })
    }
    for (const failure of failuresOf(file)) problems.push(`${relative(root, name)}: ${failure}`)
  }
  if (report["success"] !== true) problems.push(`${directory}: failed`)
}

console.log(`the ${slowestCount} slowest tests:`)
for (const { duration, name } of slowest.toSorted((a, b) => b.duration - a.duration).slice(0, slowestCount)) {
  console.log(`  ${(duration / 1000).toFixed(1).padStart(6)} s  ${name}`)
}
for (const problem of problems) console.error(problem)
console.log(`type tests: ${ofTypes}`)
console.log(`tests: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = problems.length > 0 || total.failed > 0 || total.passed === 0 ? 1 : 0
