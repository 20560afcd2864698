/** Shrinks a failing run to fewer steps. */
import { simulate } from "./simulate.ts"

const fails = (seed: number, steps: number): boolean => simulate({ seed, steps }).violation !== undefined

/**
 * A small number of steps after which the seed still fails. Fewer steps are a different run, since it ends differently:
 * the result is one that was seen to fail, not necessarily the smallest.
 */
export const shrink = (seed: number, steps: number): number => {
  let fewest = steps
  for (let stride = steps >> 1; stride > 0; stride >>= 1) {
    while (fewest > stride && fails(seed, fewest - stride)) fewest -= stride
  }
  return fewest
}
