import { defineConfig, mergeConfig } from "vitest/config"
import shared from "../../vitest.shared.ts"

/** Most tests wait for sockets and time limits. */
export default mergeConfig(shared, defineConfig({ test: { maxWorkers: 2 } }))
