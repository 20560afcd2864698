/**
 * The goals that hold on any machine, as they are ratios or sizes. Each is measured by the program that `pnpm bench` runs,
 * in a process of its own and by the processor's time, which a busy machine hardly changes; and a miss counts only when
 * measuring again, and once more, comes to the same.
 */
import { expect, it } from "vitest"
import { isMissed } from "../src/harness.ts"
import { isolated } from "../src/isolated.ts"
import { registry } from "../src/registry.ts"
import { table } from "../src/report.ts"

const tries = 3

const guarded = Object.entries(registry).filter(([, { steady }]) => steady === true).map(([name]) => name)

it.each(guarded)("%s keeps its goals, give or take their slack", async (name) => {
  let missed = (await isolated(name)).figures.filter(isMissed)
  for (let again = 1; again < tries && missed.length > 0; again++) {
    missed = (await isolated(name)).figures.filter(isMissed)
  }
  expect(missed.length === 0 ? "" : table(missed)).toBe("")
}, 600_000)
