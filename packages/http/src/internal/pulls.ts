/** Combinators for pulls of batches, which streams are made of. */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"

/** Returns the next batch each time it is run, and is done at the end. */
export type Batches<A, E> = Pull.Pull<NonEmptyReadonlyArray<A>, E>

/** Pulls the items of each step until there is no next state. Steps without items are skipped. */
export const paginate = <S, A, E>(
  initial: S,
  step: (state: S) => Effect.Effect<readonly [items: ReadonlyArray<A>, next: Option.Option<S>], E>
): Batches<A, E> => {
  let state = Option.some(initial)
  const pull: Batches<A, E> = Effect.suspend(() =>
    Option.isNone(state) ? Cause.done() : Effect.flatMap(step(state.value), ([items, next]) => {
      state = next
      return Arr.isReadonlyArrayNonEmpty(items) ? Effect.succeed(items) : pull
    })
  )
  return pull
}

/**
 * Reads up to `count` batches before they are pulled, for as long as the scope is open. A failure, or the end, is
 * returned after all batches that came before it, and again by every later pull.
 */
export const prefetch = <A, E>(
  pull: Batches<A, E>,
  count: number
): Effect.Effect<Batches<A, E>, never, Scope.Scope> =>
  Effect.suspend(() => {
    const buffer: Array<Exit.Exit<NonEmptyReadonlyArray<A>, E | Cause.Done>> = []
    let onBatch: (() => void) | undefined
    let onCapacity: (() => void) | undefined

    const awaitCapacity = Effect.callback<void>((resume) => {
      if (buffer.length < count) resume(Effect.void)
      else onCapacity = () => resume(Effect.void)
    })
    const fill: Effect.Effect<void> = Effect.flatMap(Effect.exit(pull), (batch) => {
      buffer.push(batch)
      const notify = onBatch
      onBatch = undefined
      notify?.()
      return Exit.isSuccess(batch) ? Effect.andThen(awaitCapacity, fill) : Effect.void
    })
    const takeBuffered: Batches<A, E> = Effect.suspend(() => {
      const [next] = buffer
      if (next === undefined) return take
      // a failure, or the end, stays for later pulls
      if (Exit.isSuccess(next)) buffer.shift()
      const notify = onCapacity
      onCapacity = undefined
      notify?.()
      return next
    })
    const take: Batches<A, E> = Effect.callback((resume) => {
      if (buffer.length > 0) resume(takeBuffered)
      // yields, so that the next page is requested before this one is processed
      else onBatch = () => resume(Effect.andThen(Effect.yieldNow, takeBuffered))
    })
    return Effect.as(Effect.forkScoped(fill), take)
  })

/** Pulls the first `count` items; no batch is pulled after those. */
export const take = <A, E>(pull: Batches<A, E>, count: number): Batches<A, E> => {
  let left = count
  return Effect.suspend(() =>
    left <= 0 ? Cause.done() : Effect.map(pull, (batch) => {
      const items = batch.slice(0, left)
      left -= items.length
      return Arr.isReadonlyArrayNonEmpty(items) ? items : batch
    })
  )
}
