/** The file in which Stryker keeps results for the next run. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Without the mutants that were not tested, whose error Stryker would keep instead of testing them next time. */
export const withoutNotTested = (report: unknown): unknown => {
  if (!isRecord(report) || !isRecord(report["files"])) return report
  const files = Object.entries(report["files"]).map(([name, file]) => {
    if (!isRecord(file) || !Array.isArray(file["mutants"])) return [name, file] as const
    const mutants: ReadonlyArray<unknown> = file["mutants"]
    const tested = mutants.filter((mutant) => !isRecord(mutant) || mutant["status"] !== "RuntimeError")
    return [name, { ...file, mutants: tested }] as const
  })
  return { ...report, files: Object.fromEntries(files) }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Discards the results of mutants that were not tested, or the whole file if it is incomplete. */
export const discardNotTested = (file: string): void => {
  if (!existsSync(file)) return
  const report = parse(readFileSync(file, "utf8"))
  if (report === undefined) rmSync(file)
  else writeFileSync(file, JSON.stringify(withoutNotTested(report)))
}
