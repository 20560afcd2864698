/**
 * How the tests run for `pnpm mutate`: in one worker, over the mutated copies of all packages. The copies have no
 * `node_modules` of their own but links to the original ones, so that the packages are found by alias.
 */
import { join } from "node:path"
import { defineConfig } from "vitest/config"
import { isPackage, suiteOf, unaffectedTests } from "./suites.ts"

const name = process.env["MUTATED_PACKAGE"] ?? ""
if (!isPackage(name)) throw new Error(`MUTATED_PACKAGE is no package: ${JSON.stringify(name)}`)
const suite = suiteOf(name)
const root = process.cwd()

export default defineConfig({
  root,
  resolve: {
    alias: [
      { find: /^@effect-signalwire\/([a-z]+)$/, replacement: join(root, "packages/$1/src/index.ts") },
      { find: /^@effect-signalwire\/([a-z]+)\/(.+)$/, replacement: join(root, "packages/$1/src/$2.ts") }
    ]
  },
  test: {
    include: suite.tests.map((folder) => `packages/${folder}/test/**/*.test.{ts,tsx}`),
    exclude: [...unaffectedTests],
    environment: suite.environment ?? "node",
    // as in `packages/react/vitest.config.ts`
    environmentOptions: { happyDOM: { settings: { fetch: { disableSameOriginPolicy: true } } } },
    isolate: false,
    // a mutant that waits forever is killed by this
    testTimeout: 30_000,
    hookTimeout: 30_000
  }
})
