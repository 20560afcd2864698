/**
 * An unbounded queue with a single consumer, which takes all queued items at once. A waiting consumer continues within
 * the call that adds an item, where that of a `Queue` continues in a later turn of the event loop. An empty queue
 * takes little more memory than its fields.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"

/** An unbounded queue with a single consumer. `take` is a `Pull` if `E` includes `Cause.Done`. */
export class SingleConsumerQueue<A, E = never> {
  private items: Array<A> = []
  private exit: Exit.Exit<never, E> | undefined
  private resumeConsumer: (() => void) | undefined

  /** The number of queued items. */
  get size(): number {
    return this.items.length
  }

  /**
   * Takes all queued items, and waits if there are none. Fails with the exit of {@link done} once all items are taken.
   * A second consumer would starve, so it dies if another one is waiting.
   */
  readonly take: Effect.Effect<Arr.NonEmptyReadonlyArray<A>, E> = Effect.callback((resume) => {
    // items are taken when the consumer continues, so that one that is interrupted before that takes none
    const wake = () => resume(this.takeNow)
    if (this.items.length > 0 || this.exit !== undefined) return wake()
    if (this.resumeConsumer !== undefined) {
      return resume(Effect.die(new Error("SingleConsumerQueue: another consumer is already waiting")))
    }
    this.resumeConsumer = wake
    return Effect.sync(() => {
      if (this.resumeConsumer === wake) this.resumeConsumer = undefined
    })
  })

  private get takeNow(): Effect.Effect<Arr.NonEmptyReadonlyArray<A>, E> {
    return Effect.suspend(() => {
      const taken = this.clear()
      return Arr.isReadonlyArrayNonEmpty(taken) ? Effect.succeed(taken) : this.exit ?? this.take
    })
  }

  /** Adds an item. It is dropped if the queue has ended. */
  offer(item: A): void {
    if (this.exit !== undefined) return
    this.items.push(item)
    this.notify()
  }

  /** Removes the oldest queued item. */
  drop(): void {
    this.items.shift()
  }

  /** Adds items, which a waiting consumer receives together. They are dropped if the queue has ended. */
  offerAll(items: ReadonlyArray<A>): void {
    if (this.exit !== undefined || items.length === 0) return
    if (this.items.length === 0) this.items = items.slice()
    else for (const item of items) this.items.push(item)
    this.notify()
  }

  /** Ends the queue with an exit, after the queued items are taken. Only the first call has an effect. */
  done(exit: Exit.Exit<never, E>): void {
    this.exit ??= exit
    this.notify()
  }

  /** Removes and returns all queued items without waiting. */
  clear(): ReadonlyArray<A> {
    const { items } = this
    if (items.length > 0) this.items = []
    return items
  }

  private notify(): void {
    const { resumeConsumer: wake } = this
    this.resumeConsumer = undefined
    wake?.()
  }
}
