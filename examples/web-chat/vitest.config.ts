import react from "@vitejs/plugin-react"
import { defineConfig } from "vitest/config"
import { chromium } from "../../chromium.shared.ts"
import { domProject, project, reporters } from "../../vitest.shared.ts"

// tests wait most of the time, so that both kinds run at the same time
const maxWorkers = 2

/** What only a browser has: layout, styles, the focus, being offline. */
const browser = project("browser", {
  include: chromium === undefined ? [] : ["test/browser/*.test.ts"],
  maxConcurrency: 3,
  maxWorkers
})

export default defineConfig({ test: { reporters, projects: [domProject([react()], { maxWorkers }), browser] } })
