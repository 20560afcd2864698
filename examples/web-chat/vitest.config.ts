import { defineConfig, mergeConfig } from "vitest/config"
import { chromium } from "../../chromium.shared.ts"
import shared from "../../vitest.shared.ts"

export default mergeConfig(
  shared,
  defineConfig({
    test: chromium === undefined ? { exclude: ["**"], passWithNoTests: true } : {}
  })
)
