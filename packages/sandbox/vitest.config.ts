import { defineConfig, mergeConfig } from "vitest/config"
import shared from "../../vitest.shared.ts"

/** Most tests wait for processes and time limits, so that several files run side by side. */
export default mergeConfig(shared, defineConfig({ test: { maxWorkers: 3 } }))
