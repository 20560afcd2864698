/**
 * `pnpm chaos [--disconnects 1000] [--sends 1000] [--kills N] [--seed N] [--minutes N] [--dialect all|address|group]
 * [--outbox-kills 0]`
 *
 * Drives the Promise facade through a relay that breaks connections and a sandbox that dies and comes back, then holds
 * what was seen against what was stored. With `--outbox-kills`, kills a process with an outbox that often after that, and
 * holds what it kept against what was stored. Prints figures; fails with the seed and a trace when a promise was broken.
 */
import { parseArgs } from "node:util"
import * as Outbox from "./outbox.ts"
import * as Run from "./run.ts"

const say = (text = ""): void => void process.stdout.write(`${text}\n`)

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
  for (const [name, value] of figures) say(`${name.padEnd(18)}${value}`)
  if (violations.length === 0) {
    say("nothing lost, nothing twice, in order, sent once")
  } else {
    process.exitCode = 1
    say()
    for (const line of trace) say(line)
    say()
    for (const violation of violations) say(`VIOLATION: ${violation}`)
    say(`seed ${options.seed}`)
  }
}

const outboxKills = count(values["outbox-kills"])
report(await Run.run(options))
if (outboxKills > 0) {
  say("\nan outbox whose process is killed")
  report(await Outbox.run({ seed: options.seed, kills: outboxKills }))
}

// nothing may keep the process: this fires only when something does
setTimeout(() => {
  say(`VIOLATION: the process does not end: ${process.getActiveResourcesInfo().join(", ")}`)
  process.exit(1)
}, 10_000).unref()
