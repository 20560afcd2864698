import { defineConfig, mergeConfig } from "vitest/config"
import shared from "../../vitest.shared.ts"

// most of the time of a scenario is a client's own waiting, so many run side by side, and all files at once
export default mergeConfig(
  shared,
  defineConfig({ test: { testTimeout: 120_000, hookTimeout: 60_000, maxConcurrency: 8, maxWorkers: 3 } })
)
