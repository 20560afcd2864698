/**
 * Which tests notice a change of a package. A mutant is killed when any of them fails; many behaviours of the lower packages
 * are tested where users meet them, in `testing` and `promise`.
 */

export interface Suite {
  /** The folders in `packages` whose tests run, the ones that are most specific and fastest first. */
  readonly tests: ReadonlyArray<string>
  readonly environment: "happy-dom" | "node"
}

export const suites = {
  schema: { tests: ["schema", "http"], environment: "node" },
  runtime: { tests: ["runtime"], environment: "node" },
  http: { tests: ["http", "testing"], environment: "node" },
  subscription: { tests: ["subscription", "testing", "promise"], environment: "node" },
  conversation: { tests: ["conversation", "testing", "promise"], environment: "node" },
  promise: { tests: ["promise"], environment: "node" },
  react: { tests: ["react"], environment: "happy-dom" },
  backend: { tests: ["backend", "testing"], environment: "node" }
} satisfies Readonly<Record<string, Suite>>

export type Package = keyof typeof suites

export const packages: ReadonlyArray<Package> = [
  "schema",
  "runtime",
  "http",
  "subscription",
  "conversation",
  "promise",
  "react",
  "backend"
]

export const isPackage = (name: string): name is Package => Object.hasOwn(suites, name)

export const suiteOf = (name: Package): Suite => suites[name]

/** Tests that no mutant can fail: types are not mutated, and programs of their own load the sources as they are. */
export const unaffectedTests: ReadonlyArray<string> = [
  "packages/*/test/types.test.ts",
  "packages/conversation/test/effectCopies.test.ts",
  "packages/promise/test/olderPlatforms.test.ts",
  "packages/react/test/readme.test.ts",
  "packages/testing/test/SandboxProcess.test.ts"
]
