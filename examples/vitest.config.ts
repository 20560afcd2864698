import { defineConfig, mergeConfig } from "vitest/config"
import shared from "../vitest.shared.ts"

/** Programs wait most of the time, so that several run side by side. */
export default mergeConfig(shared, defineConfig({ test: { maxWorkers: 3 } }))
