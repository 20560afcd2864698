/**
 * Work that several callers need at once and that must run only once.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"

/** Runs the effect, or waits for the one that already runs under the same key. */
export interface SingleFlight<K, A, E> {
  /**
   * Successes and failures alike go to all who wait, and nothing is kept afterwards. When the caller that does the work is
   * interrupted, one of those who wait takes over.
   */
  readonly run: (key: K, effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
}

/** Nothing that runs yet. */
export const make = <K, A, E>(): SingleFlight<K, A, E> => {
  type Running = Map<K, Deferred.Deferred<Option.Option<Exit.Exit<A, E>>>>
  let running: Running | undefined
  const run = (key: K, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const flights: Running = running ??= new Map()
        const other = flights.get(key)
        if (other !== undefined) {
          return Effect.flatMap(
            restore(Deferred.await(other)),
            Option.match({ onNone: () => restore(run(key, effect)), onSome: (exit) => exit })
          )
        }
        const outcome = Deferred.makeUnsafe<Option.Option<Exit.Exit<A, E>>>()
        flights.set(key, outcome)
        return Effect.onExit(restore(effect), (exit) =>
          Effect.sync(() => {
            flights.delete(key)
            Deferred.doneUnsafe(outcome, Effect.succeed(Exit.hasInterrupts(exit) ? Option.none() : Option.some(exit)))
          }))
      })
    )
  return { run }
}
