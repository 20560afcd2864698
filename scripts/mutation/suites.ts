/**
 * Which tests notice a change of a package. Many behaviours of the lower packages are tested where users meet them, in
 * `testing` and `promise`, so that a mutant is killed when a test of any of these folders fails.
 */

import { globSync } from "node:fs"
import { join, parse } from "node:path"

export interface Suite {
  /** The folders in `packages` whose tests run for every mutant, the ones that are most specific and fastest first. */
  readonly tests: ReadonlyArray<string>
  /** Those that `--wide` runs in addition, for the mutants that survived: they are slow, or seldom notice a change. */
  readonly wide: ReadonlyArray<string>
  readonly environment: "happy-dom" | "node"
}

export const packages = [
  "schema",
  "runtime",
  "http",
  "subscription",
  "conversation",
  "promise",
  "react",
  "backend"
] as const

export type Package = typeof packages[number]

const suites: Readonly<Record<Package, Suite>> = {
  schema: { tests: ["schema"], wide: ["http", "testing"], environment: "node" },
  runtime: { tests: ["runtime"], wide: ["http", "subscription", "testing"], environment: "node" },
  http: { tests: ["http", "testing"], wide: ["promise"], environment: "node" },
  subscription: { tests: ["subscription", "testing"], wide: ["promise"], environment: "node" },
  conversation: { tests: ["conversation", "testing"], wide: ["promise"], environment: "node" },
  promise: { tests: ["promise"], wide: [], environment: "node" },
  react: { tests: ["react"], wide: [], environment: "happy-dom" },
  backend: { tests: ["backend"], wide: ["testing", "sandbox"], environment: "node" }
}

export const isPackage = (name: string): name is Package => Object.hasOwn(suites, name)

export const suiteOf = (name: Package): Suite => suites[name]

/** The folder in `packages` of a test file, or of all its tests. */
export const folderOf = (tests: string): string => tests.split("/", 1)[0] ?? ""

/** The test files that are named after a source, in `packages`. */
export const ownTestsOf = (root: string, name: Package, file: string): ReadonlyArray<string> => {
  const { name: source } = parse(file)
  return globSync(`${name}/test/**/*.test.{ts,tsx}`, { cwd: join(root, "packages") })
    .filter((test) => parse(test).name.toLowerCase() === `${source}.test`.toLowerCase())
    .filter((test) => !unaffectedTests.includes(`packages/${test}`))
}

/**
 * Tests that no mutant can fail: types are not mutated, programs of their own load the sources as they are, and a test that
 * reads sources as text would read mutants.
 */
export const unaffectedTests: ReadonlyArray<string> = [
  "packages/*/test/types.test.ts",
  "packages/conversation/test/effectCopies.test.ts",
  "packages/promise/test/olderPlatforms.test.ts",
  "packages/react/test/readme.test.ts",
  "packages/testing/test/SandboxProcess.test.ts",
  "packages/testing/test/documentedDefaults.test.ts"
]
