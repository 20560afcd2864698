/**
 * When to look into history although nothing says that anything is missing: servers forget to push. Each look that finds
 * nothing makes the next one later, one that finds something makes it soon again.
 */
import type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"

/** Milliseconds. */
export interface Options {
  readonly minMillis: number
  readonly maxMillis: number
}

export interface Sweep {
  /** Tells that history was looked into, for whatever reason, and how many messages that found. */
  readonly looked: (found: number) => void
  /** Asks for a look again and again, one at a time, while the session is connected. */
  readonly run: Effect.Effect<never>
}

export const make = (options: Options, subscriber: {
  readonly connection: Effect.Effect<ConnectionState>
  /** Asks the subscriber to look, when its turn comes. */
  readonly mark: Effect.Effect<void>
}): Effect.Effect<Sweep> =>
  Effect.map(Queue.sliding<number>(1), (looks) => {
    let millis = options.minMillis
    const look = Effect.gen(function*() {
      yield* Queue.clear(looks)
      yield* subscriber.mark
      const found = yield* Queue.take(looks)
      millis = found > 0 ? options.minMillis : Math.min(millis * 2, options.maxMillis)
    })
    return {
      looked: (found) => void Queue.offerUnsafe(looks, found),
      run: Effect.suspend(() => Effect.sleep(millis)).pipe(
        Effect.andThen(subscriber.connection),
        Effect.flatMap((state) => state._tag === "Connected" ? look : Effect.void),
        Effect.forever
      )
    }
  })
