import { defineConfig, type TestProjectInlineConfiguration, type ViteUserConfig } from "vitest/config"

const settings = {
  // the test files of a package share its modules, which take longer to load than most files take to run
  isolate: false,
  // Node loads the sources of packages by itself, and caches what it has compiled: Vite would transform them for each package
  server: { deps: { external: [/\/packages\/[^/]+\/src\//] } },
  // programs that tests start share Node's compile cache
  env: { NODE_COMPILE_CACHE: `${import.meta.dirname}/node_modules/.cache/node-compile` },
  // no test measures speed, and a busy machine is slow
  testTimeout: 120_000,
  hookTimeout: 120_000
}

export const reporters: NonNullable<NonNullable<ViteUserConfig["test"]>["reporters"]> = [
  "default",
  ["json", { outputFile: ".vitest/results.json" }]
]

export default defineConfig({ test: { ...settings, include: ["test/**/*.test.{ts,tsx}"], reporters } })

type ProjectTest = NonNullable<TestProjectInlineConfiguration["test"]>

/** A part of a package's tests, with settings of its own. */
export const project = (name: string, test: ProjectTest): TestProjectInlineConfiguration => ({
  extends: false,
  test: { ...settings, ...test, name }
})

/** Tests of an application as React renders it, against a sandbox, in a DOM without a browser. */
export const domProject = (
  plugins: NonNullable<TestProjectInlineConfiguration["plugins"]>,
  test: ProjectTest = {}
): TestProjectInlineConfiguration => ({
  extends: false,
  plugins,
  // React as in the built page: its development build takes twice the time
  oxc: { jsx: { development: false } },
  test: {
    ...settings,
    env: { ...settings.env, NODE_ENV: "production" },
    include: ["test/dom/*.test.ts"],
    environment: `${import.meta.dirname}/happyDom.shared.ts`,
    ...test,
    name: "dom"
  }
})
