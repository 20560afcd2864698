import { defineConfig, mergeConfig } from "vitest/config"
import shared from "../../vitest.shared.ts"

/** Tests wait for processes and reconnections, so that several files run side by side. */
export default mergeConfig(shared, defineConfig({ test: { maxWorkers: 3 } }))
