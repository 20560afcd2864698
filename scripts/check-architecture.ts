/**
 * Checks how the modules in `packages` depend on each other: there is no import cycle, types included; packages
 * import only packages below them; `schema` imports nothing of Effect that runs; and a module of more than 300 lines has a
 * reason. The rules and the reasons are in `architecture.ts`.
 */
import { globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { checkArchitecture } from "./architecture.ts"

const root = dirname(import.meta.dirname)
const sources = globSync("packages/*/src/**/*.{ts,tsx}", { cwd: root }).toSorted()
  .map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }))
const problems = checkArchitecture(sources)

for (const problem of problems) console.error(problem)
console.log(`architecture: ${sources.length} modules, ${problems.length} problems`)
process.exitCode = problems.length > 0 ? 1 : 0
