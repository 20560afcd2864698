/** The file in which Stryker keeps results for the next run. */
import { createHash } from "node:crypto"
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

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

/** Identifies what tests use besides the sources and their own file: Stryker does not notice when it changes. */
const digestOfSupport = (root: string, folders: ReadonlyArray<string>): string => {
  const patterns = [
    "*.shared.ts",
    "scripts/mutation/stryker/*",
    ...folders.map((one) => `packages/${one}/test/**/*.ts*`)
  ]
  const files = globSync(patterns, { cwd: root }).filter((file) => !/\.test\.tsx?$/.test(file)).toSorted()
  const hash = createHash("sha1")
  for (const file of files) hash.update(file).update(readFileSync(join(root, file)))
  return hash.digest("hex")
}

/** Discards all results if the support of the tests in these folders of `packages` has changed since. */
export const discardIfStale = (root: string, file: string, folders: ReadonlyArray<string>): void => {
  const digestFile = join(root, `${file}.support`)
  const digest = digestOfSupport(root, folders)
  if (existsSync(digestFile) && readFileSync(digestFile, "utf8") === digest) return
  rmSync(join(root, file), { force: true })
  mkdirSync(dirname(digestFile), { recursive: true })
  writeFileSync(digestFile, digest)
}
