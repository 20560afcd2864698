import { defineConfig, mergeConfig } from "vitest/config"
import shared from "../../vitest.shared.ts"

export default mergeConfig(
  shared,
  defineConfig({
    test: {
      environment: "happy-dom",
      // the sandbox is of another origin, as the service is; browsers ask it, this DOM need not
      environmentOptions: { happyDOM: { settings: { fetch: { disableSameOriginPolicy: true } } } }
    }
  })
)
