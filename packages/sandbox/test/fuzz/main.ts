/** `pnpm fuzz [--count 60000] [--seed 1] [--data FILE] [--log FILE]`: prints figures, and exits with 1 on a finding. */
import { parseArgs } from "node:util"
import { run } from "./fuzz.ts"

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "60000" },
    seed: { type: "string", default: "1" },
    data: { type: "string", default: ":memory:" },
    log: { type: "string" }
  }
})
const { findings, frames, memory, raw, received, requests, seconds, sent, statuses } = await run({
  count: Number(values.count),
  seed: Number(values.seed),
  args: ["--data", values.data, ...(values.log === undefined ? [] : ["--log", values.log])]
})
const lines = [
  `seed ${values.seed}: ${requests} requests, ${frames} frames, ${raw} connections of garbage in ${
    seconds.toFixed(1)
  } s`,
  `responses: ${Object.entries(statuses).map(([status, count]) => `${status} ×${count}`).join(", ")}`,
  `unrelated client: ${sent} sent, ${received} received`,
  `memory: ${memory.early.toFixed(0)} MiB early, ${memory.late.toFixed(0)} at the end, ${
    memory.peak.toFixed(0)
  } at most`,
  `findings: ${findings.length}`,
  ...findings.map((finding) => `  ${finding}`)
]
process.stdout.write(`${lines.join("\n")}\n`)
process.exitCode = findings.length > 0 ? 1 : 0
