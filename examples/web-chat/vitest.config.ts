import { defineConfig, mergeConfig } from "vitest/config"
import { chromium } from "../../chromium.shared.ts"
import shared from "../../vitest.shared.ts"

export default mergeConfig(
  shared,
  defineConfig({
    test: {
      // tests run concurrently, because they wait most of the time
      maxConcurrency: 3,
      ...(chromium === undefined ? { exclude: ["**"], passWithNoTests: true } : {})
    }
  })
)
