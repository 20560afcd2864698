import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    // the test files of a package share its modules, which take longer to load than most files take to run
    isolate: false,
    // programs that tests start share Node's compile cache
    env: { NODE_COMPILE_CACHE: `${import.meta.dirname}/node_modules/.cache/node-compile` },
    // no test measures speed, and a busy machine is slow
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ["default", ["json", { outputFile: ".vitest/results.json" }]]
  }
})
