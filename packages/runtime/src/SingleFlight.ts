/**
 * Shares one run of an effect between concurrent callers.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"

/** Runs effects by key, at most one at a time for each key. */
export interface SingleFlight<K, A, E> {
  /**
   * Runs `effect`, or waits for the result of the run with the same key. All waiting callers receive its success or
   * failure, and the result is not kept. If the caller that runs the effect is interrupted, one of the waiting callers
   * runs its own instead.
   */
  readonly run: (key: K, effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
}

/** Makes a `SingleFlight` in which nothing runs yet. */
export const make = <K, A, E>(): SingleFlight<K, A, E> => {
  type Running = Map<K, Deferred.Deferred<Option.Option<Exit.Exit<A, E>>>>
  let running: Running | undefined
  const run = (key: K, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const current: Running = running ??= new Map()
        const existing = current.get(key)
        if (existing !== undefined) {
          return Effect.flatMap(
            restore(Deferred.await(existing)),
            Option.match({ onNone: () => restore(run(key, effect)), onSome: (exit) => exit })
          )
        }
        const outcome = Deferred.makeUnsafe<Option.Option<Exit.Exit<A, E>>>()
        current.set(key, outcome)
        return Effect.onExit(restore(effect), (exit) =>
          Effect.sync(() => {
            current.delete(key)
            Deferred.doneUnsafe(outcome, Effect.succeed(Exit.hasInterrupts(exit) ? Option.none() : Option.some(exit)))
          }))
      })
    )
  return { run }
}
