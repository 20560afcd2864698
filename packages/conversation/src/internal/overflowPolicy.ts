/** Buffers the items of a stream for slow consumers, and drops those that do not fit. */
import { SingleConsumerQueue } from "@effect-signalwire/runtime/SingleConsumerQueue"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import type { OverflowPolicy } from "./conversationsOptions.ts"

type BoundedPolicy = Exclude<OverflowPolicy, "suspend">

/** Copies options and their policy, so that later changes by the caller have no effect. */
export const copyOptions = <O extends { readonly policy?: OverflowPolicy | undefined }>(options: O): O => {
  const { policy } = options
  return typeof policy === "object" ? { ...options, policy: { ...policy } } : { ...options }
}

/** Pulls items as fast as they come, until the scope closes, into a buffer of limited capacity. */
export const buffer = (
  { capacity, strategy }: BoundedPolicy
): <A, E>(
  items: Pull.Pull<NonEmptyReadonlyArray<A>, E>
) => Effect.Effect<Pull.Pull<NonEmptyReadonlyArray<A>, E>, never, Scope.Scope> =>
<A, E>(items: Pull.Pull<NonEmptyReadonlyArray<A>, E>) =>
  Effect.suspend(() => {
    const queue = new SingleConsumerQueue<A, E | Cause.Done>()
    const offer = (batch: ReadonlyArray<A>): void =>
      queue.offerAll(
        strategy === "dropping"
          ? batch.slice(0, capacity - queue.size)
          : queue.size + batch.length <= capacity
          ? batch
          : [...queue.clear(), ...batch].slice(-capacity)
      )
    return items.pipe(
      Effect.map(offer),
      Effect.forever({ disableYield: true }),
      Effect.onExit((exit) => Effect.sync(() => queue.done(exit))),
      Effect.forkScoped,
      Effect.as(queue.take)
    )
  })
