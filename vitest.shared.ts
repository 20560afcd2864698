import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    // the files of a package share its modules, which take longer to load than most files take to run
    isolate: false,
    // and the programs that tests start share what Node has compiled
    env: { NODE_COMPILE_CACHE: `${import.meta.dirname}/node_modules/.cache/node-compile` },
    // no test is about speed: what is slow on a busy machine is not wrong
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ["default", ["json", { outputFile: ".vitest/results.json" }]]
  }
})
