/**
 * `pnpm scorecard [SCENARIO ...]`: runs every scenario with every implementation, and writes `docs/scorecard.md`. With names
 * of scenarios, it runs only these and writes nothing.
 */
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { implementations } from "./scorecard/implementations.ts"
import { report } from "./scorecard/report.ts"
import { runAll } from "./scorecard/runner.ts"
import { scenarios } from "./scorecard/scenarios.ts"

const wanted = process.argv.slice(2)
const chosen = wanted.length === 0 ? scenarios : scenarios.filter(({ id }) => wanted.includes(id))
const rows = await runAll(chosen, implementations, 12, (line) => void process.stdout.write(`${line}\n`))
if (wanted.length === 0) {
  const file = fileURLToPath(new URL("../../../docs/scorecard.md", import.meta.url))
  writeFileSync(file, report(rows, implementations))
  execFileSync("dprint", ["fmt", file], { cwd: fileURLToPath(new URL("../..", import.meta.url)) })
}
// a scenario that could not be completed is a fault of this program
if (rows.some(({ results }) => results.some(({ mark }) => mark === "error"))) process.exitCode = 1
