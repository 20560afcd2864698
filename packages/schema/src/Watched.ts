/**
 * A value that can be watched: a small `SubscriptionRef`, which would bring all of `PubSub` along.
 *
 * @since 0.1.0
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Mailbox } from "./Mailbox.ts"

/** A value that can be watched. */
export interface Watched<A> {
  /** The value now. */
  readonly get: Effect.Effect<A>
  /** Replaces the value. */
  readonly set: (value: A) => Effect.Effect<void>
  /** Calls back with each value that replaces the one before it, until the scope closes. */
  readonly watch: (watcher: (value: A) => void) => Effect.Effect<void, never, Scope.Scope>
  /** The value now, then each that replaces it, until the scope closes. */
  readonly pull: Effect.Effect<Pull.Pull<NonEmptyReadonlyArray<A>>, never, Scope.Scope>
  /** The value now, then each that replaces it. */
  readonly changes: Stream.Stream<A>
}

/** A value that is watched by nobody yet. */
export const make = <A>(initial: A): Watched<A> => {
  let value = initial
  let watchers: ReadonlyArray<(value: A) => void> = []
  /** Values that some are not told of yet: one who is told may set another, which the others hear after this one. */
  let untold: ReadonlyArray<A> = []
  const watch: Watched<A>["watch"] = (watcher) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        watchers = [...watchers, watcher]
      }),
      () =>
        Effect.sync(() => {
          watchers = watchers.filter((other) => other !== watcher)
        })
    )
  const pull = Effect.suspend(() => {
    const values = new Mailbox<A>()
    values.add(value)
    return Effect.as(watch((next) => values.add(next)), values.take)
  })
  return {
    get: Effect.sync(() => value),
    set: (next) =>
      Effect.sync(() => {
        value = next
        untold = [...untold, next]
        if (untold.length > 1) return
        for (let told = untold; told.length > 0; told = untold = untold.slice(1)) {
          for (const watcher of watchers) told.slice(0, 1).forEach(watcher)
        }
      }),
    watch,
    pull,
    get changes() {
      return Stream.unwrap(Effect.map(pull, (pull) => Stream.fromPull(Effect.succeed(pull))))
    }
  }
}
