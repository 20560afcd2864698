/** The fewest steps after which a seed still fails. */
import { simulate } from "./simulate.ts"

const fails = (seed: number, steps: number): boolean => simulate({ seed, steps }).violation !== undefined

/** A run with fewer steps is another run, so this searches, and answers what it has seen fail. */
export const shrink = (seed: number, steps: number): number => {
  let fewest = steps
  for (let jump = steps >> 1; jump > 0; jump >>= 1) {
    while (fewest > jump && fails(seed, fewest - jump)) fewest -= jump
  }
  return fewest
}
