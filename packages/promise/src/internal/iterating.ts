/**
 * Streams as plain TypeScript consumes them: one pull after the other, batch by batch. It is done by hand, for Effect's own
 * ways out of a stream bring most of its streams along.
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { reasonOf, throwIfAborted } from "./options.ts"

/** What answers a batch of a stream each time that it runs. */
type Batches<A, E, R> = Pull.Pull<NonEmptyReadonlyArray<A>, E, void, R>

const batchesOf = <A, E, R>(
  stream: Stream.Stream<A, E, R>,
  scope: Scope.Scope
): Effect.Effect<Batches<A, E, R>, never, R> => Channel.toPullScoped(Stream.toChannel(stream), scope)

/** Does something with every batch of a stream, until that ends. */
export const forEachBatch = <A, E, R>(
  stream: Stream.Stream<A, E, R>,
  each: (batch: NonEmptyReadonlyArray<A>) => Effect.Effect<void>
): Effect.Effect<void, E, R> =>
  Effect.scopedWith((scope) =>
    Effect.flatMap(
      batchesOf(stream, scope),
      (batches) => Effect.forever(Effect.flatMap(batches, each), { disableYield: true })
    )
  ).pipe(Pull.catchDone(() => Effect.void))

/** How a fiber ends. */
export const exitOf = <A, E>(fiber: Fiber.Fiber<A, E>): Promise<Exit.Exit<A, E>> =>
  new Promise((resolve) => fiber.addObserver(resolve))

/** Where an iteration runs. */
export interface Host<R> {
  readonly fork: <A, E>(effect: Effect.Effect<A, E, R>) => Fiber.Fiber<A, E>
  /** An iteration lives in it, and ends with it. */
  readonly scope: Scope.Scope
  /** What ends the iteration early; throws where it may not begin. */
  readonly signal: () => AbortSignal | undefined
  /** Whether the client ends, and everything with it. */
  readonly isClosed: () => boolean
  /** Turns a failure into what the caller sees. */
  readonly shown: (error: unknown) => unknown
}

const nothing: Iterator<never> = [].values()

interface Asked<A> {
  readonly resolve: (step: IteratorResult<A, undefined>) => void
  readonly reject: (error: unknown) => void
}

/**
 * Iterates over a stream, which begins when the first item is asked for. Those who ask at the same time are answered in
 * turn. What was pulled is still handed out when the iteration is ended from outside, but not after `return`.
 */
export const iterator = <A, B, E, R>(
  { fork, isClosed, scope: outer, shown, signal }: Host<R>,
  source: Effect.Effect<Stream.Stream<A, E, R>, never, R>,
  toItem: (value: A) => B
): AsyncIterator<B, undefined> => {
  const asked: Array<Asked<B>> = []
  let items: Iterator<A> = nothing
  let batches: Batches<A, E, R> | undefined
  let reader: Fiber.Fiber<unknown, unknown> | undefined
  let scope: Scope.Closeable | undefined
  let isOver = false
  let closed: Promise<unknown> = Promise.resolve()
  /** For whoever asks next. */
  let failure: { readonly error: unknown } | undefined

  const begin = Effect.suspend(() => {
    const aborting = signal()
    throwIfAborted(aborting)
    const own = scope = Scope.forkUnsafe(outer)
    const onAbort = () => end(aborting && { error: reasonOf(aborting) })
    aborting?.addEventListener("abort", onAbort, { once: true })
    const forget = Effect.sync(() => {
      aborting?.removeEventListener("abort", onAbort)
      // whoever closed it
      end()
    })
    return Scope.addFinalizer(own, forget).pipe(
      Effect.andThen(source),
      Effect.flatMap((stream) => batchesOf(stream, own)),
      Effect.flatMap((opened) => batches = opened)
    )
  })

  const end = (reason?: typeof failure, exit: Exit.Exit<unknown, unknown> = Exit.void): void => {
    if (isOver) return
    isOver = true
    failure = reason
    const reading = reader === undefined ? Effect.void : Fiber.interrupt(reader)
    closed = exitOf(
      Effect.runFork(scope === undefined ? reading : Effect.andThen(reading, Scope.close(scope, exit)))
    )
    serve()
  }

  const take = (exit: Exit.Exit<ReadonlyArray<A>, E | Cause.Done>): void => {
    reader = undefined
    if (isOver) return
    if (Exit.isSuccess(exit)) {
      items = exit.value.values()
    } else {
      // what the end of the client tears down is no failure
      const isEnd = Pull.isDoneCause(exit.cause) || (scope !== undefined && isClosed())
      end(isEnd ? undefined : { error: Cause.squash(exit.cause) }, exit)
    }
  }

  /** Pulls a batch; answers whether that was done at once. */
  const read = (): boolean => {
    const fiber = fork(batches ?? begin)
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) {
      take(exit)
      return true
    }
    reader = fiber
    // it may have been ended by what it did first
    if (isOver) fiber.interruptUnsafe()
    fiber.addObserver((exit) => {
      take(exit)
      serve()
    })
    return false
  }

  const settle = (): void => {
    for (const { reject, resolve } of asked.splice(0)) {
      if (failure === undefined) resolve({ done: true, value: undefined })
      else reject(shown(failure.error))
      failure = undefined
    }
  }

  /** The next item of what was pulled, if there is one left. */
  const inHand = (): IteratorResult<B, undefined> | undefined => {
    const next = items.next()
    return next.done === true ? undefined : { done: false, value: toItem(next.value) }
  }

  const serve = (): void => {
    if (reader !== undefined) return
    while (asked.length > 0) {
      const step = inHand()
      if (step !== undefined) asked.shift()?.resolve(step)
      else if (isOver) return void closed.then(settle)
      else if (!read()) return
    }
  }

  return {
    next: () => {
      const step = asked.length === 0 ? inHand() : undefined
      if (step !== undefined) return Promise.resolve(step)
      return new Promise((resolve, reject) => {
        asked.push({ resolve, reject })
        serve()
      })
    },
    return: async () => {
      items = nothing
      end()
      await closed
      failure = undefined
      return { done: true, value: undefined }
    },
    // what the caller throws into it comes back as it is
    throw: async (error: unknown) => {
      items = nothing
      end(undefined, Exit.die(error))
      await closed
      throw error
    }
  }
}
