/**
 * How tests run for `pnpm mutate`: those of all folders that notice changes of the package, over the mutated copies of the
 * sources. The copies have links to the original `node_modules`, and so find each other by alias.
 */
import { join } from "node:path"
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"
import { isPackage, suiteOf, unaffectedTests } from "../suites.ts"
import { getEnvironment } from "./environment.ts"
import { persistentPool } from "./persistentPool.ts"

const { package: name, tests } = getEnvironment()
if (!isPackage(name)) throw new Error(`not a package that is mutated: ${JSON.stringify(name)}`)
const root = process.cwd()

/** The first failure ends a run, and the tests in the first folders are most likely to fail. */
class FoldersInOrder extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    const folderOf = ({ moduleId }: TestSpecification): number =>
      tests.findIndex((folder) => moduleId.startsWith(join(root, "packages", folder, "/")))
    return files.toSorted((a, b) => folderOf(a) - folderOf(b))
  }
}

export default defineConfig({
  root,
  resolve: {
    alias: [
      { find: /^@effect-signalwire\/([a-z]+)$/, replacement: join(root, "packages/$1/src/index.ts") },
      { find: /^@effect-signalwire\/([a-z]+)\/(.+)$/, replacement: join(root, "packages/$1/src/$2.ts") }
    ]
  },
  plugins: [{
    name: "persistent-pool",
    configureVitest: ({ project }) => {
      // Stryker's runner knows only Vitest's own pools
      project.config.pool = persistentPool.name
      project.config.poolRunner = persistentPool
    }
  }],
  test: {
    include: tests.map((one) => one.includes("/") ? `packages/${one}` : `packages/${one}/test/**/*.test.{ts,tsx}`),
    exclude: [...unaffectedTests],
    environment: suiteOf(name).environment,
    // as in `packages/react/vitest.config.ts`
    environmentOptions: { happyDOM: { settings: { fetch: { disableSameOriginPolicy: true } } } },
    setupFiles: [join(root, "scripts/mutation/stryker/setup.ts")],
    sequence: { sequencer: FoldersInOrder },
    isolate: false,
    reporters: [{}]
  }
})
