/** What happened, in order, to be read when something went wrong. */
import { inspect } from "node:util"

export interface Trace {
  readonly add: (...what: ReadonlyArray<unknown>) => void
  /** The end of it, and all lines that mention what the violations name in quotes. */
  readonly around: (violations: ReadonlyArray<string>) => ReadonlyArray<string>
}

const shown = 300

export const make = (): Trace => {
  const startedAt = performance.now()
  const lines: Array<string> = []
  return {
    add: (...what) => {
      const text = what.map((one) => typeof one === "string" ? one : inspect(one, { depth: 2, breakLength: 200 }))
      lines.push(`${((performance.now() - startedAt) / 1000).toFixed(3).padStart(9)} ${text.join(" ")}`)
    },
    around: (violations) => {
      const named = violations.flatMap((violation) => [...violation.matchAll(/"([^"]+)"/g)].map(([, name]) => name))
      const wanted = new Set<number>()
      for (const [index, line] of lines.entries()) {
        if (!named.some((name) => name !== undefined && line.includes(name))) continue
        for (let near = index - 6; near <= index + 6; near++) wanted.add(near)
      }
      const near = lines.filter((_, index) => wanted.has(index))
      return near.length === 0 ? lines.slice(-shown) : near.slice(0, shown)
    }
  }
}
