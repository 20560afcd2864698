/**
 * Runs a callback for one item after the other, with a limited number of pending Promises. The producer waits while the
 * limit is reached, which gives backpressure.
 */
import * as Effect from "effect/Effect"

/** How long items may wait for a pending callback before that is reported. Milliseconds. */
const slowCallbackMillis = 30_000

export interface Options {
  /** How many calls may be pending at the same time. */
  readonly concurrency: number
  /** Called when items have waited this long, in seconds, for a pending callback. */
  readonly onSlow: (seconds: number) => void
}

export class CallbackRunner<A> {
  private readonly callback: (item: A) => PromiseLike<unknown> | undefined
  private readonly options: Options
  private pending = 0
  private onSlotFree: (() => void) | undefined

  /** `callback` returns a Promise that never rejects, or `undefined` when it is done. */
  constructor(callback: (item: A) => PromiseLike<unknown> | undefined, options: Options) {
    this.callback = callback
    this.options = options
  }

  /** Calls back for each item in order, until `isStopped` returns true. Completes when the last call has started. */
  runAll(items: ReadonlyArray<A>, isStopped: () => boolean, from = 0): Effect.Effect<void> {
    return Effect.suspend(() => {
      for (let index = from; index < items.length; index++) {
        if (isStopped()) return Effect.void
        if (this.pending >= this.options.concurrency) {
          return Effect.andThen(this.awaitSlot, this.runAll(items, isStopped, index))
        }
        const item = items[index]
        if (item !== undefined) this.run(item)
      }
      return Effect.void
    })
  }

  private run(item: A): void {
    const result = this.callback(item)
    if (result === undefined) return
    this.pending++
    result.then(() => {
      this.pending--
      const onSlotFree = this.onSlotFree
      this.onSlotFree = undefined
      onSlotFree?.()
    })
  }

  private get awaitSlot(): Effect.Effect<void> {
    const slotFree = Effect.callback<void>((resume) => {
      if (this.pending < this.options.concurrency) resume(Effect.void)
      else this.onSlotFree = () => resume(Effect.void)
    })
    return Effect.raceFirst(
      slotFree,
      Effect.andThen(
        Effect.sleep(slowCallbackMillis),
        Effect.andThen(Effect.sync(() => this.options.onSlow(slowCallbackMillis / 1000)), Effect.never)
      )
    )
  }
}
