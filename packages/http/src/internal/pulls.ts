/** Pulls, which streams are made of: each time they are run they answer the next batch, and at the end that they are done. */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"

export type Batches<A, E> = Pull.Pull<NonEmptyReadonlyArray<A>, E>

/** What each step answers, and each of them where the next one goes on, until there is none. */
export const paginate = <S, A, E>(
  start: S,
  step: (at: S) => Effect.Effect<readonly [items: ReadonlyArray<A>, next: Option.Option<S>], E>
): Batches<A, E> => {
  let at = Option.some(start)
  const pull: Batches<A, E> = Effect.suspend(() =>
    Option.isNone(at) ? Cause.done() : Effect.flatMap(step(at.value), ([items, next]) => {
      at = next
      return Arr.isReadonlyArrayNonEmpty(items) ? Effect.succeed(items) : pull
    })
  )
  return pull
}

/**
 * Reads ahead of whoever pulls: as long as the scope is open, up to `depth` batches that nobody has asked for. A failure
 * is told when all that came before it was taken, and so is the end.
 */
export const ahead = <A, E>(
  pull: Batches<A, E>,
  depth: number
): Effect.Effect<Batches<A, E>, never, Scope.Scope> =>
  Effect.suspend(() => {
    const ready: Array<Exit.Exit<NonEmptyReadonlyArray<A>, E | Cause.Done>> = []
    let onBatch: (() => void) | undefined
    let onRoom: (() => void) | undefined

    const room = Effect.callback<void>((resume) => {
      if (ready.length < depth) resume(Effect.void)
      else onRoom = () => resume(Effect.void)
    })
    const read: Effect.Effect<void> = Effect.flatMap(Effect.exit(pull), (batch) => {
      ready.push(batch)
      const told = onBatch
      onBatch = undefined
      told?.()
      return Exit.isSuccess(batch) ? Effect.andThen(room, read) : Effect.void
    })
    const taken: Batches<A, E> = Effect.suspend(() => {
      const [next] = ready
      if (next === undefined) return take
      // how it ended is told to whoever asks again
      if (Exit.isSuccess(next)) ready.shift()
      const told = onRoom
      onRoom = undefined
      told?.()
      return next
    })
    const take: Batches<A, E> = Effect.callback((resume) => {
      if (ready.length > 0) resume(taken)
      // the next page is asked for before this one is worked on
      else onBatch = () => resume(Effect.andThen(Effect.yieldNow, taken))
    })
    return Effect.as(Effect.forkScoped(read), take)
  })

/** So many items and no more; what would come after them is not asked for. */
export const take = <A, E>(pull: Batches<A, E>, count: number): Batches<A, E> => {
  let left = count
  return Effect.suspend(() =>
    left <= 0 ? Cause.done() : Effect.map(pull, (batch) => {
      const some = batch.slice(0, left)
      left -= some.length
      return Arr.isReadonlyArrayNonEmpty(some) ? some : batch
    })
  )
}
