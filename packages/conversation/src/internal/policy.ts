/** What becomes of items that come faster than they are taken, where not all are to be had. */
import { SingleConsumerQueue } from "@effect-signalwire/runtime/SingleConsumerQueue"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"

export interface Bound {
  /** `sliding` keeps the newest, `dropping` the oldest. */
  readonly strategy: "sliding" | "dropping"
  readonly capacity: number
}

/** A copy of options as they are now, the policy among them included. */
export const snapshot = <O extends { readonly policy?: "suspend" | Bound | undefined }>(options: O): O => {
  const { policy } = options
  return typeof policy === "object" ? { ...options, policy: { ...policy } } : { ...options }
}

/** Takes items as they come, until the scope closes, and keeps so many for who is slower. */
export const keeping = (
  { capacity, strategy }: Bound
): <A, E>(
  items: Pull.Pull<NonEmptyReadonlyArray<A>, E>
) => Effect.Effect<Pull.Pull<NonEmptyReadonlyArray<A>, E>, never, Scope.Scope> =>
<A, E>(items: Pull.Pull<NonEmptyReadonlyArray<A>, E>) =>
  Effect.suspend(() => {
    const kept = new SingleConsumerQueue<A, E | Cause.Done>()
    const keep = (batch: ReadonlyArray<A>): void =>
      kept.offerAll(
        strategy === "dropping"
          ? batch.slice(0, capacity - kept.size)
          : kept.size + batch.length <= capacity
          ? batch
          : [...kept.clear(), ...batch].slice(-capacity)
      )
    return items.pipe(
      Effect.map(keep),
      Effect.forever({ disableYield: true }),
      Effect.onExit((exit) => Effect.sync(() => kept.done(exit))),
      Effect.forkScoped,
      Effect.as(kept.take)
    )
  })
