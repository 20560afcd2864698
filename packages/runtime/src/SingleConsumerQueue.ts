/**
 * What is handed to one reader, who takes all that waits at once. A reader that waits goes on at once, within the call that adds, where with a
 * `Queue` it would take a turn of the event loop; and a mailbox in which nothing waits is little more than its fields.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"

/** A mailbox with one reader: a `Pull`, where `E` has `Cause.Done`. */
export class SingleConsumerQueue<A, E = never> {
  private items: Array<A> = []
  private exit: Exit.Exit<never, E> | undefined
  private resumeConsumer: (() => void) | undefined

  /** How many items wait. */
  get size(): number {
    return this.items.length
  }

  /**
   * All that waits, once there is anything; what the mailbox ended with, once that was taken. For one reader at a time: a
   * second one, which would starve, is a defect.
   */
  readonly take: Effect.Effect<Arr.NonEmptyReadonlyArray<A>, E> = Effect.callback((resume) => {
    // taken by the reader when it goes on: one that was interrupted meanwhile takes nothing with it
    const wake = () => resume(this.taken)
    if (this.items.length > 0 || this.exit !== undefined) return wake()
    if (this.resumeConsumer !== undefined) return resume(Effect.die(new Error("somebody else reads this already")))
    this.resumeConsumer = wake
    return Effect.sync(() => {
      if (this.resumeConsumer === wake) this.resumeConsumer = undefined
    })
  })

  private get taken(): Effect.Effect<Arr.NonEmptyReadonlyArray<A>, E> {
    return Effect.suspend(() => {
      const taken = this.clear()
      return Arr.isReadonlyArrayNonEmpty(taken) ? Effect.succeed(taken) : this.exit ?? this.take
    })
  }

  /** Adds an item; dropped once the mailbox has ended. */
  offer(item: A): void {
    if (this.exit !== undefined) return
    this.items.push(item)
    this.notify()
  }

  /** Adds items, of which a reader that waits gets all; dropped once the mailbox has ended. */
  offerAll(items: ReadonlyArray<A>): void {
    if (this.exit !== undefined || items.length === 0) return
    if (this.items.length === 0) this.items = items.slice()
    else for (const item of items) this.items.push(item)
    this.notify()
  }

  /** Ends it once what waits was taken. The first end counts. */
  done(exit: Exit.Exit<never, E>): void {
    this.exit ??= exit
    this.notify()
  }

  /** Takes all that waits, without waiting for more. */
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
