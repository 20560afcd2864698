/** Identifies a mutant in all runs over the same sources. Stryker's own ids depend on what else is mutated. */
import type { Mutant } from "@stryker-mutator/api/core"

/** `origin` is the number of the first line and column: 0 in what test runners receive, and 1 in results. */
export const mutantKey = ({ fileName, location, mutatorName, replacement }: Mutant, origin: 0 | 1): string => {
  const { end, start } = location
  const positions = [start.line, start.column, end.line, end.column].map((one) => one - origin)
  return JSON.stringify([fileName, ...positions, mutatorName, replacement])
}
