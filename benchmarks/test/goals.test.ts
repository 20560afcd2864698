/**
 * The goals that apply on any machine, since they are ratios or sizes. Each is measured like in `pnpm bench`: in a separate
 * process, and in CPU time, which hardly depends on the load. A test fails only if three measurements miss the goal.
 */
import { expect, it } from "vitest"
import { isMissed } from "../src/harness.ts"
import { isolated } from "../src/isolated.ts"
import { registry } from "../src/registry.ts"
import { table } from "../src/report.ts"

const tries = 3

const checked = Object.entries(registry).filter(([, { steady }]) => steady === true).map(([name]) => name)

it.each(checked)("%s meets its goals within their tolerance", async (name) => {
  let missed = (await isolated(name)).figures.filter(isMissed)
  for (let again = 1; again < tries && missed.length > 0; again++) {
    missed = (await isolated(name)).figures.filter(isMissed)
  }
  expect(missed.length === 0 ? "" : table(missed)).toBe("")
}, 600_000)
