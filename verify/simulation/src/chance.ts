/** Seeded choices. */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

/** A source of chance that repeats itself for the same seed. */
export const source = (seed: string): typeof Random.Random["Service"] =>
  Effect.runSync(Random.withSeed(Effect.map(Random.Random, (random) => random), seed))

export class Chance {
  readonly #random: typeof Random.Random["Service"]

  constructor(seed: string) {
    this.#random = source(seed)
  }

  /** At least 0, below 1. */
  next(): number {
    return this.#random.nextDoubleUnsafe()
  }

  /** Whether something of this likelihood happens. */
  happens(likelihood: number): boolean {
    return this.next() < likelihood
  }

  /** A whole number, both bounds included. */
  whole(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  pick<A>(first: A, ...rest: ReadonlyArray<A>): A {
    const index = this.whole(0, rest.length)
    return index === 0 ? first : rest[index - 1] ?? first
  }

  /** One of a list; `undefined` when it is empty. */
  oneOf<A>(items: ReadonlyArray<A>): A | undefined {
    return items.length === 0 ? undefined : items[this.whole(0, items.length - 1)]
  }

  /** One of a list, each as likely as it weighs. */
  weighted<A extends { readonly weight: number }>(items: ReadonlyArray<A>): A | undefined {
    let left = this.next() * items.reduce((sum, { weight }) => sum + weight, 0)
    for (const item of items) {
      left -= item.weight
      if (left < 0) return item
    }
    return items.at(-1)
  }
}
