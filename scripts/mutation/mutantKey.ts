/** Identifies a mutant in all runs over the same sources. Stryker's own ids depend on what else is mutated. */
import type { Mutant } from "@stryker-mutator/api/core"

export const mutantKey = ({ fileName, location: { end, start }, mutatorName, replacement }: Mutant): string =>
  JSON.stringify([fileName, start.line, start.column, end.line, end.column, mutatorName, replacement])
