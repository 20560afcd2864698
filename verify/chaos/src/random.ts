/** Random numbers that are the same for the same seed. */
export interface SeededRandom {
  /** A number from 0 to 1, 1 excluded. */
  readonly next: () => number
  /** A number from `from` to `to`, `to` excluded. */
  readonly between: (from: number, to: number) => number
  /** An integer from 0 to `count`, `count` excluded. */
  readonly below: (count: number) => number
}

export const make = (seed: number): SeededRandom => {
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
