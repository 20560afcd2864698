/**
 * The coverage table: all that runs can reach, and what they cannot, with the reason. Its lists come from the client, the
 * backend and the simulation itself.
 */
import { failingRefreshes } from "../device.ts"
import { faultNames, kinds } from "../faultMenu.ts"
import { faultIn } from "../faults.ts"
import { brokenLinks, failingUpgrades, flappings, proxies } from "../networkConditions.ts"
import { failedSend } from "../sendOracle.ts"
import { dialects } from "../setup.ts"
import { stepNames } from "../steps.ts"
import { categories, type Category, type Counts } from "./Coverage.ts"
import { reasons } from "./reasons.ts"
import { connectionTransitions, sequenceTransitions, signalsReceived } from "./transitions.ts"
import { type Unreachable, unreachable } from "./unreachable.ts"

const items: { readonly [C in Category]: ReadonlyArray<string> } = {
  steps: stepNames,
  conditions: [
    ...brokenLinks.flatMap((link) => [`a dial while the network is ${link}`, `a request while the network is ${link}`]),
    ...failingUpgrades.map((upgrades) => `a dial is ${upgrades}`),
    ...proxies.map((proxy) => `a request to a proxy that is ${proxy}`),
    ...flappings.map((flapping) => `a session ${flapping}`),
    ...["succeeds", ...failingRefreshes].map((behavior) => `a refresh ${behavior}`)
  ],
  faults: faultNames.flatMap((name) => dialects.map((dialect) => faultIn(dialect, name))),
  "kinds of faults": kinds,
  "connection states": [
    "Idle",
    "Connecting",
    "Connecting, polling",
    "Connected",
    "Connected, catching up",
    "Reconnecting",
    "Reconnecting, polling",
    "Failed",
    "Closed"
  ],
  "connection transitions": connectionTransitions,
  "sequence transitions": sequenceTransitions,
  signals: signalsReceived,
  events: ["message of a subscription", "Message", "Message, late", "CaughtUp", "CaughtUp without messages", "Gap"],
  recoveries: ["a stale link", "polled without a session"],
  "ends of sends": [
    "sent",
    "interrupted",
    ...reasons.flatMap((reason) => [failedSend(reason, "no"), failedSend(reason, "unknown")])
  ],
  "ends of messages in outboxes": ["Sent", ...reasons],
  "ends of sequences": reasons,
  "ends of reads": ["complete", "interrupted", ...reasons]
}

export interface Row {
  readonly category: Category
  /** How many of its items were reached, of how many that can be. */
  readonly reached: number
  readonly reachable: number
  /** Items that can be reached, and were not. */
  readonly missing: ReadonlyArray<string>
  /** Items that were reached although they are not in the table, or are listed as unreachable. */
  readonly unexpected: ReadonlyArray<string>
  /** The items that cannot be reached, by the reason. */
  readonly unreachable: ReadonlyArray<Unreachable>
}

/** Compares what runs have reached with what can be reached. */
export const compare = (counts: Counts): ReadonlyArray<Row> =>
  categories.map((category) => {
    const all = new Set(items[category])
    const reached = counts.get(category) ?? new Map<string, number>()
    const excluded = unreachable[category] ?? []
    const reachable = new Set(all)
    for (const { items } of excluded) for (const item of items) reachable.delete(item)
    const missing = [...reachable].filter((item) => !reached.has(item))
    return {
      category,
      reached: reachable.size - missing.length,
      reachable: reachable.size,
      missing,
      unexpected: [
        ...[...reached.keys()].filter((item) => !reachable.has(item)),
        ...excluded.flatMap(({ items }) => items.filter((item) => !all.has(item)))
      ],
      unreachable: excluded
    }
  })

/** The rows in words, with their gaps, but no more than `most` of a row. */
export const describe = (rows: ReadonlyArray<Row>, most = Number.POSITIVE_INFINITY): string =>
  rows.flatMap(({ category, missing, reachable, reached, unexpected, unreachable }) => [
    `${category}: ${reached} of ${reachable} reached`,
    ...unreachable.map(({ items, reason }) => `  ${items.length} cannot be reached: ${reason}`),
    ...missing.slice(0, most).map((item) => `  not reached: ${item}`),
    ...(missing.length > most ? [`  and ${missing.length - most} more`] : []),
    ...unexpected.map((item) => `  not expected: ${item}`)
  ]).join("\n")
