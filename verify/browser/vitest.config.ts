import { playwright } from "@vitest/browser-playwright"
import { defineConfig } from "vitest/config"
import { chromium } from "../../chromium.shared.ts"
import shared from "../../vitest.shared.ts"

const { hookTimeout = 0, reporters = [], testTimeout = 0 } = shared.test ?? {}

/** Tests that run inside of a page, against a sandbox of another origin. */
const inPage = {
  extends: false as const,
  test: {
    name: "page",
    include: chromium === undefined ? [] : ["test/**/*.test.ts"],
    globalSetup: "./test/servers.setup.ts",
    testTimeout,
    hookTimeout,
    fileParallelism: false,
    browser: {
      enabled: chromium !== undefined,
      // the files share one page, which loads hundreds of modules
      isolate: false,
      headless: true,
      screenshotFailures: false,
      instances: [{ browser: "chromium" as const }],
      provider: playwright({ launchOptions: chromium ?? {} })
    }
  }
}

/** Tests that drive a bundled page from outside, in several tabs, with reloads and offline phases. */
const inTabs = {
  extends: false as const,
  test: {
    name: "tabs",
    include: chromium === undefined ? [] : ["tabs/**/*.test.ts"],
    globalSetup: chromium === undefined ? [] : "./tabs/page.setup.ts",
    // one worker, because loading its modules takes longer than a second worker would save
    isolate: false,
    fileParallelism: false,
    testTimeout,
    hookTimeout
  }
}

export default defineConfig({
  test: { reporters, passWithNoTests: chromium === undefined, projects: [inPage, inTabs] }
})
