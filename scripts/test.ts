/** Builds, type-checks and tests everything, and prints the summary of the tests, also when something has failed. */
import { spawnSync } from "node:child_process"
import { dirname, join } from "node:path"

const tasks = ["build:packages", "build:page", "check:tests", "test", "test:scripts"]
const { status } = spawnSync("turbo", ["run", ...tasks, "--continue=dependencies-successful"], {
  stdio: "inherit",
  // many processes load the same modules
  env: { ...process.env, NODE_COMPILE_CACHE: join(dirname(import.meta.dirname), "node_modules/.cache/node-compile") }
})
await import("./test-summary.ts")
if (status !== 0) process.exitCode = 1
