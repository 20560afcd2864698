/** Chance that repeats itself for the same seed. */
export interface Chance {
  /** At least 0, below 1. */
  readonly next: () => number
  readonly between: (from: number, to: number) => number
  readonly below: (count: number) => number
}

export const make = (seed: number): Chance => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    between: (from, to) => from + next() * (to - from),
    below: (count) => Math.floor(next() * count)
  }
}
