/** Builds, type-checks and tests everything, and prints the summary of the tests, also when something has failed. */
import { spawnSync } from "node:child_process"
import { dirname, join } from "node:path"

const root = dirname(import.meta.dirname)
const tasks = ["build:packages", "build:page", "build:program", "check:tests", "test", "test:scripts"]
const { status } = spawnSync("turbo", ["run", ...tasks, "--continue=dependencies-successful"], {
  stdio: "inherit",
  env: {
    ...process.env,
    // many processes load the same modules
    NODE_COMPILE_CACHE: join(root, "node_modules/.cache/node-compile"),
    SANDBOX_PROGRAM: join(root, "packages/sandbox/bundle/bin/main.js")
  }
})
await import("./test-summary.ts")
if (status !== 0) process.exitCode = 1
