/** Async iterators over streams. */
import { type ArrayPull, toPull } from "@effect-signalwire/runtime/Streams"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { abortReason, throwIfAborted } from "./abortSignal.ts"
import { awaitExit } from "./awaitExit.ts"

/** What an iterator needs from its client. */
export interface Host<R> {
  readonly fork: <A, E>(effect: Effect.Effect<A, E, R>) => Fiber.Fiber<A, E>
  /** The scope of the client. Closing it ends the iteration. */
  readonly scope: Scope.Scope
  /** Returns the signal that aborts the iteration. Throws if the iteration may not start. */
  readonly signal: () => AbortSignal | undefined
  /** Whether the client is closing. */
  readonly isClosed: () => boolean
  /** Turns a failure into the error that the caller receives. */
  readonly mapError: (error: unknown) => unknown
}

const noItems: Iterator<never> = [].values()

/** A call of `next` that has not settled yet. */
interface PendingNext<A> {
  readonly resolve: (step: IteratorResult<A, undefined>) => void
  readonly reject: (error: unknown) => void
}

/**
 * Iterates over a stream, which is opened by the first call of `next`. Concurrent calls settle in order. When the
 * iteration is ended by a signal or by the client, items that were already pulled are still returned; after `return`
 * they are not.
 */
export const toAsyncIterator = <A, B, E, R>(
  host: Host<R>,
  source: Effect.Effect<Stream.Stream<A, E, R>, never, R>,
  toItem: (value: A) => B
): AsyncIterator<B, undefined> => {
  const pendingNexts: Array<PendingNext<B>> = []
  let buffer: Iterator<A> = noItems
  let pull: ArrayPull<A, E, R> | undefined
  let pullFiber: Fiber.Fiber<unknown, unknown> | undefined
  let scope: Scope.Closeable | undefined
  let isDone = false
  let cleanup: Promise<unknown> = Promise.resolve()
  /** Rejects the next call of `next`, once. */
  let failure: { readonly error: unknown } | undefined

  const open = Effect.suspend(() => {
    const signal = host.signal()
    throwIfAborted(signal)
    const opened = scope = Scope.forkUnsafe(host.scope)
    const onAbort = () => finish(signal && { error: abortReason(signal) })
    signal?.addEventListener("abort", onAbort, { once: true })
    const onClose = Effect.sync(() => {
      signal?.removeEventListener("abort", onAbort)
      // the scope may also be closed by the client
      finish()
    })
    return Scope.addFinalizer(opened, onClose).pipe(
      Effect.andThen(source),
      Effect.flatMap((stream) => toPull(stream, opened)),
      Effect.flatMap((opened) => pull = opened)
    )
  })

  const finish = (reason?: typeof failure, exit: Exit.Exit<unknown, unknown> = Exit.void): void => {
    if (isDone) return
    isDone = true
    failure = reason
    const interrupted = pullFiber === undefined ? Effect.void : Fiber.interrupt(pullFiber)
    cleanup = awaitExit(
      Effect.runFork(scope === undefined ? interrupted : Effect.andThen(interrupted, Scope.close(scope, exit)))
    )
    settlePending()
  }

  const onPulled = (exit: Exit.Exit<ReadonlyArray<A>, E | Cause.Done>): void => {
    pullFiber = undefined
    if (isDone) return
    if (Exit.isSuccess(exit)) {
      buffer = exit.value.values()
    } else {
      // a failure that closing the client causes ends the iteration normally
      const isEnd = Pull.isDoneCause(exit.cause) || (scope !== undefined && host.isClosed())
      finish(isEnd ? undefined : { error: Cause.squash(exit.cause) }, exit)
    }
  }

  /** Pulls an array of items; returns whether it completed synchronously. */
  const pullNext = (): boolean => {
    const fiber = host.fork(pull ?? open)
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) {
      onPulled(exit)
      return true
    }
    pullFiber = fiber
    // the synchronous part of the fiber may have ended the iteration
    if (isDone) fiber.interruptUnsafe()
    fiber.addObserver((exit) => {
      onPulled(exit)
      settlePending()
    })
    return false
  }

  const settleAsDone = (): void => {
    for (const { reject, resolve } of pendingNexts.splice(0)) {
      if (failure === undefined) resolve({ done: true, value: undefined })
      else reject(host.mapError(failure.error))
      failure = undefined
    }
  }

  const takeBuffered = (): IteratorResult<B, undefined> | undefined => {
    const next = buffer.next()
    return next.done === true ? undefined : { done: false, value: toItem(next.value) }
  }

  const settlePending = (): void => {
    if (pullFiber !== undefined) return
    while (pendingNexts.length > 0) {
      const step = takeBuffered()
      if (step !== undefined) pendingNexts.shift()?.resolve(step)
      else if (isDone) return void cleanup.then(settleAsDone)
      else if (!pullNext()) return
    }
  }

  return {
    next: () => {
      const step = pendingNexts.length === 0 ? takeBuffered() : undefined
      if (step !== undefined) return Promise.resolve(step)
      return new Promise((resolve, reject) => {
        pendingNexts.push({ resolve, reject })
        settlePending()
      })
    },
    return: async () => {
      buffer = noItems
      finish()
      await cleanup
      failure = undefined
      return { done: true, value: undefined }
    },
    throw: async (error: unknown) => {
      buffer = noItems
      finish(undefined, Exit.die(error))
      await cleanup
      throw error
    }
  }
}
