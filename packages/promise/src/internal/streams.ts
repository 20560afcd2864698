/**
 * Running streams and fibers. `Stream.runForEachArray` and `Stream.toPull` do the same, but their modules would add
 * most of Effect's streams to a browser bundle.
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Channel from "effect/Channel"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** Pulls the next array of items of a stream. */
export type ArrayPull<A, E, R> = Pull.Pull<NonEmptyReadonlyArray<A>, E, void, R>

/** Opens a stream in a scope. */
export const toPull = <A, E, R>(
  stream: Stream.Stream<A, E, R>,
  scope: Scope.Scope
): Effect.Effect<ArrayPull<A, E, R>, never, R> => Channel.toPullScoped(Stream.toChannel(stream), scope)

/** Runs an effect for every array of items of a stream. */
export const runForEachArray = <A, E, R>(
  stream: Stream.Stream<A, E, R>,
  f: (items: NonEmptyReadonlyArray<A>) => Effect.Effect<void>
): Effect.Effect<void, E, R> =>
  Effect.scopedWith((scope) =>
    Effect.flatMap(
      toPull(stream, scope),
      (pull) => Effect.forever(Effect.flatMap(pull, f), { disableYield: true })
    )
  ).pipe(Pull.catchDone(() => Effect.void))

/** Resolves with the exit of a fiber. */
export const awaitExit = <A, E>(fiber: Fiber.Fiber<A, E>): Promise<Exit.Exit<A, E>> =>
  new Promise((resolve) => fiber.addObserver(resolve))
