import react from "@vitejs/plugin-react"
import { defineConfig } from "vitest/config"
import { chromium } from "../../chromium.shared.ts"
import shared from "../../vitest.shared.ts"

const { include: _, reporters = [], ...common } = shared.test ?? {}

/** Tests wait most of the time, so that both kinds run at the same time. */
const settings = { ...common, maxWorkers: 2 }

/** The application as React renders it, against a sandbox, in a DOM without a browser. */
const dom = {
  extends: false as const,
  // React as in the built page: its development build takes twice the time
  plugins: [react()],
  oxc: { jsx: { development: false } },
  test: {
    ...settings,
    env: { ...settings.env, NODE_ENV: "production" },
    name: "dom",
    include: ["test/dom/*.test.ts"],
    environment: "../../happyDom.shared.ts"
  }
}

/** What only a browser has: layout, styles, the focus, being offline. */
const browser = {
  extends: false as const,
  test: {
    ...settings,
    name: "browser",
    include: chromium === undefined ? [] : ["test/browser/*.test.ts"],
    // tests run concurrently, because they wait most of the time
    maxConcurrency: 3
  }
}

export default defineConfig({ test: { reporters, projects: [dom, browser] } })
