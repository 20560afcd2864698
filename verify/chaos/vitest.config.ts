import { defineConfig, mergeConfig } from "vitest/config"
import shared from "../../vitest.shared.ts"

/** Every test starts processes, on machines that may be busy. */
export default mergeConfig(shared, defineConfig({ test: { testTimeout: 60_000 } }))
