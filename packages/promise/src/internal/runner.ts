/**
 * Where Effects become Promises: one runner a client. It runs what it is given on the client's services, honours abort
 * signals, and on closing ends everything it runs.
 */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as PromptScheduler from "@effect-signalwire/conversation/PromptScheduler"
import { Closed } from "@effect-signalwire/schema/Reason"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Present } from "./caller.ts"
import { exitOf, iterator } from "./iterating.ts"
import { invalid, isSignal, throwIfAborted } from "./options.ts"

/** What every call takes. */
export interface RunOptions {
  /** Ends the call early; it then rejects with the signal's `reason`, whatever that is. */
  readonly signal?: AbortSignal | undefined
}

export interface Runner<R> {
  readonly run: <A, E>(effect: Effect.Effect<A, E, R>, options?: RunOptions) => Promise<A>
  /** Runs in the background until it ends, is stopped, or the client closes. */
  readonly start: <A, E>(effect: Effect.Effect<A, E, R>) => { readonly stop: () => Promise<void> }
  /** Runs something that does not wait. */
  readonly runSync: <A>(effect: Effect.Effect<A, never, R>) => A
  /** Iterates a stream; ends when the client closes. */
  readonly iterate: <A, B, E>(
    source: Effect.Effect<Stream.Stream<A, E, R>, never, R>,
    toItem: (value: A) => B,
    shown: Present,
    options: RunOptions
  ) => AsyncIterator<B, undefined>
  /** Whether closing has begun: nobody is called back any more. */
  readonly isClosed: () => boolean
  readonly close: () => Promise<void>
}

/** The signal among the options. Callers may be untyped JavaScript, so neither is taken on trust. */
const signalOf = (options: RunOptions | undefined): AbortSignal | undefined => {
  const signal: unknown = options?.signal ?? undefined
  if (signal === undefined || isSignal(signal)) return signal
  throw invalid("signal", "must be an AbortSignal")
}

/** Builds the services and the runner on them; rejects when they can't be built. */
export const make = async <R, E>(services: Effect.Effect<Context.Context<R>, E, Scope.Scope>): Promise<Runner<R>> => {
  const scope = Scope.makeUnsafe()
  const scheduler = PromptScheduler.forPlatform()
  const built = await exitOf(Effect.runFork(Scope.provide(services, scope), { scheduler }))
  if (Exit.isFailure(built)) {
    await exitOf(Effect.runFork(Scope.close(scope, built)))
    throw Cause.squash(built.cause)
  }
  const context: Context.Context<R> = scheduler === undefined
    ? built.value
    : Context.add(built.value, Scheduler.Scheduler, scheduler)
  const fibers = new Set<Fiber.Fiber<unknown, unknown>>()
  const fork = Effect.runForkWith(context)
  const closed = () => new ConversationError({ method: "run", reason: new Closed() })
  let isClosing = false
  const isClosed = () => isClosing
  let ended: Promise<unknown> | undefined

  const track = <A, E>(effect: Effect.Effect<A, E, R>): Fiber.Fiber<A, E> => {
    const fiber = fork(effect)
    fibers.add(fiber)
    fiber.addObserver(() => fibers.delete(fiber))
    return fiber
  }

  return {
    run: async (effect, options) => {
      const signal = signalOf(options)
      throwIfAborted(signal)
      if (isClosed()) throw closed()
      const fiber = track(effect)
      const onAbort = () => fiber.interruptUnsafe()
      signal?.addEventListener("abort", onAbort, { once: true })
      const exit = await exitOf(fiber)
      signal?.removeEventListener("abort", onAbort)
      if (Exit.isSuccess(exit)) return exit.value
      if (!Cause.hasInterruptsOnly(exit.cause)) throw Cause.squash(exit.cause)
      throwIfAborted(signal)
      throw closed()
    },
    start: (effect) => {
      const fiber = track(effect)
      return {
        stop: async () => {
          fiber.interruptUnsafe()
          await exitOf(fiber)
        }
      }
    },
    runSync: (effect) => {
      const exit = fork(effect).pollUnsafe() ?? Exit.die(new Error("it waits"))
      if (Exit.isSuccess(exit)) return exit.value
      throw Cause.squash(exit.cause)
    },
    iterate: (source, toItem, shown, options) =>
      iterator(
        {
          fork: track,
          scope,
          shown,
          isClosed,
          signal: () => {
            const signal = signalOf(options)
            if (isClosed()) throw closed()
            return signal
          }
        },
        source,
        toItem
      ),
    isClosed,
    close: async () => {
      isClosing = true
      ended ??= exitOf(Effect.runFork(Effect.andThen(Fiber.interruptAll(fibers), Scope.close(scope, Exit.void))))
      await ended
    }
  }
}
