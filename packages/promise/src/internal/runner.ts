/** Runs Effects as Promises. Each client has one runner; closing it ends everything that it runs. */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as MessageChannelScheduler from "@effect-signalwire/conversation/MessageChannelScheduler"
import { Closed } from "@effect-signalwire/schema/Reason"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { RunOptions } from "../RunOptions.ts"
import { isAbortSignal, throwIfAborted } from "./abortSignal.ts"
import { toAsyncIterator } from "./asyncIterator.ts"
import { awaitExit } from "./awaitExit.ts"
import { parameterError } from "./options.ts"
import type { MapError } from "./publicMethod.ts"

export interface Runner<R> {
  /** Runs an effect until it completes, the signal is aborted, or the client closes. */
  readonly run: <A, E>(effect: Effect.Effect<A, E, R>, options?: RunOptions) => Promise<A>
  /** Runs an effect in the background until it completes, is stopped, or the client closes. */
  readonly start: <A, E>(effect: Effect.Effect<A, E, R>) => { readonly stop: () => Promise<void> }
  /** Runs a synchronous effect. */
  readonly runSync: <A>(effect: Effect.Effect<A, never, R>) => A
  /** Iterates over a stream, until the client closes at the latest. */
  readonly iterate: <A, B, E>(
    source: Effect.Effect<Stream.Stream<A, E, R>, never, R>,
    toItem: (value: A) => B,
    mapError: MapError,
    options: RunOptions
  ) => AsyncIterator<B, undefined>
  /** Whether the client is closing or closed. Callbacks are not called any more. */
  readonly isClosed: () => boolean
  /** Ends everything that runs, and releases the services. */
  readonly close: () => Promise<void>
}

const signalOf = (options: RunOptions | undefined): AbortSignal | undefined => {
  const signal: unknown = options?.signal ?? undefined
  if (signal === undefined || isAbortSignal(signal)) return signal
  throw parameterError("signal", "must be an AbortSignal")
}

/** Builds the services and a runner that provides them. Rejects when they can't be built. */
export const make = async <R, E>(services: Effect.Effect<Context.Context<R>, E, Scope.Scope>): Promise<Runner<R>> => {
  const scope = Scope.makeUnsafe()
  const scheduler = Option.getOrUndefined(MessageChannelScheduler.forPlatform())
  const built = await awaitExit(Effect.runFork(Scope.provide(services, scope), { scheduler }))
  if (Exit.isFailure(built)) {
    await awaitExit(Effect.runFork(Scope.close(scope, built)))
    throw Cause.squash(built.cause)
  }
  const context: Context.Context<R> = scheduler === undefined
    ? built.value
    : Context.add(built.value, Scheduler.Scheduler, scheduler)
  const fibers = new Set<Fiber.Fiber<unknown, unknown>>()
  const fork = Effect.runForkWith(context)
  const closedError = () => new ConversationError({ method: "run", reason: new Closed() })
  let isClosing = false
  const isClosed = () => isClosing
  let closing: Promise<unknown> | undefined

  const forkTracked = <A, E>(effect: Effect.Effect<A, E, R>): Fiber.Fiber<A, E> => {
    const fiber = fork(effect)
    fibers.add(fiber)
    fiber.addObserver(() => fibers.delete(fiber))
    return fiber
  }

  return {
    run: async (effect, options) => {
      const signal = signalOf(options)
      throwIfAborted(signal)
      if (isClosed()) throw closedError()
      const fiber = forkTracked(effect)
      const onAbort = () => fiber.interruptUnsafe()
      signal?.addEventListener("abort", onAbort, { once: true })
      const exit = await awaitExit(fiber)
      signal?.removeEventListener("abort", onAbort)
      if (Exit.isSuccess(exit)) return exit.value
      if (!Cause.hasInterruptsOnly(exit.cause)) throw Cause.squash(exit.cause)
      throwIfAborted(signal)
      throw closedError()
    },
    start: (effect) => {
      const fiber = forkTracked(effect)
      return {
        stop: async () => {
          fiber.interruptUnsafe()
          await awaitExit(fiber)
        }
      }
    },
    runSync: (effect) => {
      const exit = fork(effect).pollUnsafe() ?? Exit.die(new Error("the effect is not synchronous"))
      if (Exit.isSuccess(exit)) return exit.value
      throw Cause.squash(exit.cause)
    },
    iterate: (source, toItem, mapError, options) =>
      toAsyncIterator(
        {
          fork: forkTracked,
          scope,
          mapError,
          isClosed,
          signal: () => {
            const signal = signalOf(options)
            if (isClosed()) throw closedError()
            return signal
          }
        },
        source,
        toItem
      ),
    isClosed,
    close: async () => {
      isClosing = true
      closing ??= awaitExit(Effect.runFork(Effect.andThen(Fiber.interruptAll(fibers), Scope.close(scope, Exit.void))))
      await closing
    }
  }
}
