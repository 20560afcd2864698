/** The seeds that the tests run: a few that reach everything. `pnpm simulate --choose` chooses them again. */
import * as Schema from "effect/Schema"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Counts, Coverage } from "./coverage/Coverage.ts"

const file = join(import.meta.dirname, "../seeds.json")

const Stored = Schema.fromJsonString(Schema.Struct({
  /** How many steps each seed takes. */
  steps: Schema.Int,
  seeds: Schema.Array(Schema.Int)
}))

/** The chosen seeds. */
export const chosen: typeof Stored.Type = Schema.decodeSync(Stored)(readFileSync(file, "utf8"))

/** What one seed has reached, and how many milliseconds it took. */
export interface Reached {
  readonly seed: number
  readonly counts: Counts
  readonly millis: number
}

/** Each item of the coverage table that was reached, as one string. */
const itemsOf = (counts: Counts): ReadonlyArray<string> =>
  [...counts].flatMap(([category, items]) => [...items.keys()].map((item) => `${category}: ${item}`))

/** Chooses seeds that reach all that any of them reaches: each time the one that adds most for its time. */
export const choose = (runs: ReadonlyArray<Reached>): ReadonlyArray<number> => {
  const coverage = new Coverage()
  for (const { counts } of runs) coverage.add(counts)
  const missing = new Set(itemsOf(coverage.counts))
  const left = new Set(runs.map(({ counts, millis, seed }) => ({ seed, items: itemsOf(counts), millis })))
  const seeds: Array<number> = []
  const gain = ({ items, millis }: { items: ReadonlyArray<string>; millis: number }) =>
    items.filter((item) => missing.has(item)).length / (millis + 30)
  while (missing.size > 0) {
    const [first, ...others] = left
    if (first === undefined) break
    const best = others.reduce((best, run) => gain(run) > gain(best) ? run : best, first)
    for (const item of best.items) missing.delete(item)
    left.delete(best)
    seeds.push(best.seed)
  }
  return seeds.toSorted((a, b) => a - b)
}

/** Stores chosen seeds. */
export const write = (steps: number, seeds: ReadonlyArray<number>): void =>
  writeFileSync(file, `${JSON.stringify({ steps, seeds }, null, 2)}\n`)
