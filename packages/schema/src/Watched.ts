/**
 * A value that can be watched: a small `SubscriptionRef`, which would bring all of `PubSub` along.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"

/** A value that can be watched. */
export interface Watched<A> {
  /** The value now. */
  readonly get: Effect.Effect<A>
  /** Replaces the value. */
  readonly set: (value: A) => Effect.Effect<void>
  /** The value now, then each that replaces it. */
  readonly changes: Stream.Stream<A>
}

/** A value that is watched by nobody yet. */
export const make = <A>(initial: A): Watched<A> => {
  let value = initial
  const watchers = new Set<(value: A) => void>()
  return {
    get: Effect.sync(() => value),
    set: (next) =>
      Effect.sync(() => {
        value = next
        for (const watcher of watchers) watcher(next)
      }),
    changes: Stream.callback<A>((queue) => {
      const watcher = (next: A) => void Queue.offerUnsafe(queue, next)
      return Effect.acquireRelease(
        Effect.sync(() => {
          watcher(value)
          watchers.add(watcher)
        }),
        () => Effect.sync(() => watchers.delete(watcher))
      )
    })
  }
}
