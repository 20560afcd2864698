/** Seeded random choices. */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

/** A `Random` service that produces the same numbers for the same seed. */
export const seeded = (seed: string): typeof Random.Random["Service"] =>
  Effect.runSync(Random.withSeed(Effect.map(Random.Random, (random) => random), seed))

export class SeededRandom {
  readonly #random: typeof Random.Random["Service"]

  constructor(seed: string) {
    this.#random = seeded(seed)
  }

  /** A number from 0 to 1, 1 excluded. */
  next(): number {
    return this.#random.nextDoubleUnsafe()
  }

  /** `true` with this probability. */
  boolean(probability: number): boolean {
    return this.next() < probability
  }

  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  /** One of the arguments. */
  pick<A>(first: A, ...rest: ReadonlyArray<A>): A {
    const index = this.integer(0, rest.length)
    return index === 0 ? first : rest[index - 1] ?? first
  }

  /** An item of an array; `undefined` when it is empty. */
  oneOf<A>(items: ReadonlyArray<A>): A | undefined {
    return items.length === 0 ? undefined : items[this.integer(0, items.length - 1)]
  }

  /** An item of an array, with a probability in proportion to its weight. */
  weighted<A extends { readonly weight: number }>(items: ReadonlyArray<A>): A | undefined {
    let left = this.next() * items.reduce((sum, { weight }) => sum + weight, 0)
    for (const item of items) {
      left -= item.weight
      if (left < 0) return item
    }
    return items.at(-1)
  }
}
