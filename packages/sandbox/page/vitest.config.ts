import { defineConfig, mergeConfig } from "vitest/config"
import { chromium } from "../../../chromium.shared.ts"
import shared from "../../../vitest.shared.ts"
import { firefox } from "./firefox.shared.ts"

export default mergeConfig(
  shared,
  defineConfig({
    test: {
      // browser tests run concurrently, because they wait most of the time
      maxConcurrency: 4,
      exclude: [
        ...(chromium === undefined ? ["test/browser/{counts,faults,layout,page,wireLog}.test.ts"] : []),
        ...(firefox === undefined ? ["test/browser/firefox.test.ts"] : [])
      ]
    }
  })
)
