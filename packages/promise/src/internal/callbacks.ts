/**
 * Callbacks that may return Promises: so many run at once, in the order of what they are called for. Who calls waits for
 * a place, so that what comes faster is held back where it comes from.
 */
import * as Effect from "effect/Effect"

/** A callback that has not settled for so long is reported once. Milliseconds. */
const patience = 30_000

export interface Options {
  /** How many calls may be unsettled at once. */
  readonly concurrency: number
  /** Told of a callback that takes longer than anybody would expect, and that others wait for. */
  readonly onStuck: (seconds: number) => void
}

export class Callbacks<A> {
  private readonly call: (argument: A) => PromiseLike<unknown> | undefined
  private readonly options: Options
  private unsettled = 0
  private onFree: (() => void) | undefined

  /** `call` returns what is waited for, which must not reject. */
  constructor(call: (argument: A) => PromiseLike<unknown> | undefined, options: Options) {
    this.call = call
    this.options = options
  }

  /** Calls back for each argument in turn, until `isOver`. What it returns completes when all were called. */
  forEach(items: ReadonlyArray<A>, isOver: () => boolean, from = 0): Effect.Effect<void> {
    return Effect.suspend(() => {
      for (let index = from; index < items.length; index++) {
        if (isOver()) return Effect.void
        if (this.unsettled >= this.options.concurrency) {
          return Effect.andThen(this.place, this.forEach(items, isOver, index))
        }
        const item = items[index]
        // a sparse array has no callbacks to make
        if (item !== undefined) this.begin(item)
      }
      return Effect.void
    })
  }

  private begin(item: A): void {
    const result = this.call(item)
    if (result === undefined) return
    this.unsettled++
    result.then(() => {
      this.unsettled--
      const free = this.onFree
      this.onFree = undefined
      free?.()
    })
  }

  /** Waits until another call may begin. */
  private get place(): Effect.Effect<void> {
    const free = Effect.callback<void>((resume) => {
      if (this.unsettled < this.options.concurrency) resume(Effect.void)
      else this.onFree = () => resume(Effect.void)
    })
    return Effect.raceFirst(
      free,
      Effect.andThen(
        Effect.sleep(patience),
        Effect.andThen(Effect.sync(() => this.options.onStuck(patience / 1000)), Effect.never)
      )
    )
  }
}
