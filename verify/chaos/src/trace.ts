/** The events of a run in order, to diagnose a violation. */
import { inspect } from "node:util"

export interface Trace {
  readonly add: (...parts: ReadonlyArray<unknown>) => void
  /** The lines around those that mention what the violations quote; the last lines if there are none. */
  readonly around: (violations: ReadonlyArray<string>) => ReadonlyArray<string>
}

const maxLines = 300

export const make = (): Trace => {
  const startedAt = performance.now()
  const lines: Array<string> = []
  return {
    add: (...parts) => {
      const strings = parts.map((part) =>
        typeof part === "string" ? part : inspect(part, { depth: 2, breakLength: 200 })
      )
      lines.push(`${((performance.now() - startedAt) / 1000).toFixed(3).padStart(9)} ${strings.join(" ")}`)
    },
    around: (violations) => {
      const named = violations.flatMap((violation) => [...violation.matchAll(/"([^"]+)"/g)].map(([, name]) => name))
      const wanted = new Set<number>()
      for (const [index, line] of lines.entries()) {
        if (!named.some((name) => name !== undefined && line.includes(name))) continue
        for (let near = index - 6; near <= index + 6; near++) wanted.add(near)
      }
      const near = lines.filter((_, index) => wanted.has(index))
      return near.length === 0 ? lines.slice(-maxLines) : near.slice(0, maxLines)
    }
  }
}
