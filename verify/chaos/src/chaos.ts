/**
 * `pnpm chaos [--disconnects 1000] [--sends 1000] [--kills N] [--seed N] [--minutes N] [--dialect all|address|group]
 * [--outbox-kills 0]`
 *
 * Runs Promise clients through a relay that breaks connections, against a sandbox that is killed and restarted, then
 * compares what they received with what was stored. With `--outbox-kills`, afterwards kills a process with an outbox that
 * many times, and compares what it accepted with what was stored. Prints figures; when a promise was broken, fails with
 * the seed and a trace.
 */
import { parseArgs } from "node:util"
import * as Outbox from "./outbox.ts"
import * as Run from "./run.ts"

const print = (text = ""): void => void process.stdout.write(`${text}\n`)

const { values } = parseArgs({
  options: {
    disconnects: { type: "string", default: "1000" },
    sends: { type: "string", default: "1000" },
    kills: { type: "string" },
    "outbox-kills": { type: "string", default: "0" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
    minutes: { type: "string", default: "15" },
    dialect: { type: "string", default: "all" }
  }
})
const count = (text: string): number => {
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) throw new Error(`${text} is not a count`)
  return value
}
const dialect = (text: string): Run.Options["dialect"] => {
  if (text === "all" || text === "address" || text === "group") return text
  throw new Error(`${text} is not a dialect`)
}
const disconnects = count(values.disconnects)
const options: Run.Options = {
  seed: count(values.seed),
  disconnects,
  sends: count(values.sends),
  kills: values.kills === undefined ? Math.ceil(disconnects / 50) : count(values.kills),
  minutes: count(values.minutes),
  dialect: dialect(values.dialect)
}

const report = ({ figures, trace, violations }: Run.Outcome): void => {
  for (const [name, value] of figures) print(`${name.padEnd(18)}${value}`)
  if (violations.length === 0) {
    print("no message lost or repeated, all in order, all sent once")
  } else {
    process.exitCode = 1
    print()
    for (const line of trace) print(line)
    print()
    for (const violation of violations) print(`VIOLATION: ${violation}`)
    print(`seed ${options.seed}`)
  }
}

const outboxKills = count(values["outbox-kills"])
report(await Run.run(options))
if (outboxKills > 0) {
  print("\nan outbox in a process that is killed")
  report(await Outbox.run({ seed: options.seed, kills: outboxKills }))
}

// fires only when something prevents the process from ending
setTimeout(() => {
  print(`VIOLATION: the process does not end: ${process.getActiveResourcesInfo().join(", ")}`)
  process.exit(1)
}, 10_000).unref()
