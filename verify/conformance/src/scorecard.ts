/**
 * `pnpm scorecard`: plays every scenario with every client and writes `docs/scorecard.md`. Names of scenarios may be
 * given; then nothing is written.
 */
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { contestants } from "./scorecard/contestants.ts"
import { playAll } from "./scorecard/play.ts"
import { report } from "./scorecard/report.ts"
import { scenarios } from "./scorecard/scenarios.ts"

const wanted = process.argv.slice(2)
const chosen = wanted.length === 0 ? scenarios : scenarios.filter(({ id }) => wanted.includes(id))
const rows = await playAll(chosen, contestants, 12, (line) => void process.stdout.write(`${line}\n`))
if (wanted.length === 0) {
  const file = fileURLToPath(new URL("../../../docs/scorecard.md", import.meta.url))
  writeFileSync(file, report(rows, contestants))
  execFileSync("dprint", ["fmt", file], { cwd: fileURLToPath(new URL("../..", import.meta.url)) })
}
// a scenario that could not be played is a fault of this program
if (rows.some(({ cells }) => cells.some(({ mark }) => mark === "unknown"))) process.exitCode = 1
