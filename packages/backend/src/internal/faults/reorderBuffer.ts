/**
 * Carries out the fault `reorder`: holds items back until the next one has passed, or until a second has passed.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** The maximum number of items that are held back at once; further ones are not reordered. */
const capacity = 100

/** How long an item is held back at most, in milliseconds. */
export const timeout = 1000

export class ReorderBuffer<A> {
  #held: ReadonlyArray<A> = []

  get isEmpty(): boolean {
    return this.#held.length === 0
  }

  get isFull(): boolean {
    return this.#held.length >= capacity
  }

  add(item: A): void {
    this.#held = [...this.#held, item]
  }

  /** Removes an item. Returns `false` if it was not held back any more. */
  remove(item: A): boolean {
    if (!this.#held.includes(item)) return false
    this.#held = this.#held.filter((other) => other !== item)
    return true
  }

  /** Removes and returns all items, in the order in which they were added. */
  takeAll(): ReadonlyArray<A> {
    const items = this.#held
    this.#held = []
    return items
  }

  /** Adds an item, and passes it to `onTimeout` if it is still held back after the timeout. */
  hold<R>(item: A, onTimeout: (item: A) => Effect.Effect<void, never, R>): Effect.Effect<void, never, R | Scope.Scope> {
    return Effect.suspend(() => {
      this.add(item)
      const release = Effect.suspend(() => this.remove(item) ? onTimeout(item) : Effect.void)
      return Effect.asVoid(Effect.forkScoped(Effect.delay(release, timeout)))
    })
  }
}
