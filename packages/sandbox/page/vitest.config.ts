import react from "@vitejs/plugin-react"
import { defineConfig } from "vitest/config"
import { chromium } from "../../../chromium.shared.ts"
import { domProject, project, reporters } from "../../../vitest.shared.ts"
import { firefox } from "./firefox.shared.ts"

/** Functions of the page. */
const functions = project("functions", { include: ["test/*.test.ts"] })

/** The page itself. A file has one page at a time, which waits most of the time. */
const dom = domProject([react()], { maxWorkers: 2, sequence: { groupOrder: 1 } })

/** What only a browser has: layout, styles, the focus, policies, reloads. */
const browser = project("browser", {
  include: ["test/browser/*.test.ts"],
  exclude: [
    ...(chromium === undefined ? ["test/browser/{layout,onePage,page}.test.ts"] : []),
    ...(firefox === undefined ? ["test/browser/firefox.test.ts"] : [])
  ],
  // tests run concurrently, because they wait most of the time
  maxConcurrency: 4
})

export default defineConfig({ test: { reporters, projects: [functions, dom, browser] } })
