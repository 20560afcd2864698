import react from "@vitejs/plugin-react"
import { defineConfig } from "vitest/config"
import { chromium } from "../../../chromium.shared.ts"
import { domProject, project, reporters } from "../../../vitest.shared.ts"
import { firefox } from "./firefox.shared.ts"

// all kinds run at the same time, because tests wait often; each worker loads all modules, and starts a browser
const maxWorkers = 2

/** Functions of the page. */
const functions = project("functions", { include: ["test/*.test.ts"], maxWorkers })

/** The page itself. A file has one page at a time. */
const dom = domProject([react()], { maxWorkers })

/** What only a browser has: layout, styles, the focus, policies, reloads. */
const browser = project("browser", {
  include: ["test/browser/*.test.ts"],
  exclude: [
    ...(chromium === undefined ? ["test/browser/{layout,onePage,page}.test.ts"] : []),
    ...(firefox === undefined ? ["test/browser/firefox.test.ts"] : [])
  ],
  maxConcurrency: 4,
  maxWorkers
})

export default defineConfig({ test: { reporters, projects: [functions, dom, browser] } })
