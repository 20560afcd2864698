import react from "@vitejs/plugin-react"
import { defineConfig } from "vitest/config"
import { chromium } from "../../../chromium.shared.ts"
import shared from "../../../vitest.shared.ts"
import { firefox } from "./firefox.shared.ts"

const { include: _, reporters = [], ...settings } = shared.test ?? {}

/** Functions of the page. */
const functions = { extends: false as const, test: { ...settings, name: "functions", include: ["test/*.test.ts"] } }

/** The page as React renders it, against a sandbox, in a DOM without a browser. */
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
    environment: "../../../happyDom.shared.ts",
    // a file has one page at a time, which waits most of the time
    maxWorkers: 2,
    sequence: { groupOrder: 1 }
  }
}

/** What only a browser has: layout, styles, the focus, policies, reloads. */
const browser = {
  extends: false as const,
  test: {
    ...settings,
    name: "browser",
    include: ["test/browser/*.test.ts"],
    exclude: [
      ...(chromium === undefined ? ["test/browser/{layout,onePage,page}.test.ts"] : []),
      ...(firefox === undefined ? ["test/browser/firefox.test.ts"] : [])
    ],
    // tests run concurrently, because they wait most of the time
    maxConcurrency: 4
  }
}

export default defineConfig({ test: { reporters, projects: [functions, dom, browser] } })
