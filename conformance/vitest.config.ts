import { defineConfig, mergeConfig } from "vitest/config"
import shared from "../vitest.shared.ts"

// most of the time of a scenario is a client's own waiting, so many run side by side
export default mergeConfig(shared, defineConfig({ test: { testTimeout: 60_000, maxConcurrency: 8 } }))
