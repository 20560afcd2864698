import { defineConfig, mergeConfig } from "vitest/config"
import shared from "../../vitest.shared.ts"

/** Its files take about the same time. */
export default mergeConfig(shared, defineConfig({ test: { maxWorkers: 2 } }))
