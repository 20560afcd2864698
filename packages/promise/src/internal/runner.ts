/**
 * Where Effects become Promises: one runner a client. It runs what it is given on the client's services, honours abort
 * signals, and on closing ends everything it runs.
 */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as PromptScheduler from "@effect-signalwire/conversation/PromptScheduler"
import { Closed } from "@effect-signalwire/schema/Reason"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { invalid, isSignal } from "./options.ts"

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
  readonly iterate: <A, E>(stream: Stream.Stream<A, E, R>, options?: RunOptions) => AsyncIterable<A>
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

const aborted = (signal: AbortSignal): Effect.Effect<never, unknown> =>
  Effect.callback((resume) => {
    const onAbort = () => resume(Effect.fail(signal.reason))
    if (signal.aborted) return onAbort()
    signal.addEventListener("abort", onAbort, { once: true })
    return Effect.sync(() => signal.removeEventListener("abort", onAbort))
  })

/** Builds the services and the runner on them; rejects when they can't be built. */
export const make = async <R, E>(layer: Layer.Layer<R, E>): Promise<Runner<R>> => {
  const scope = Scope.makeUnsafe()
  const scheduler = PromptScheduler.forPlatform()
  const built = await Effect.runPromiseExit(Layer.buildWithScope(layer, scope), { scheduler })
  if (Exit.isFailure(built)) {
    await Effect.runPromise(Scope.close(scope, built))
    throw Cause.squash(built.cause)
  }
  const context: Context.Context<R> = scheduler === undefined
    ? built.value
    : Context.add(built.value, Scheduler.Scheduler, scheduler)
  const fibers = new Set<Fiber.Fiber<unknown, unknown>>()
  const closing = Deferred.makeUnsafe<void>()
  const fork = Effect.runForkWith(context)

  const track = <A, E>(effect: Effect.Effect<A, E, R>): Fiber.Fiber<A, E> => {
    const fiber = fork(effect)
    fibers.add(fiber)
    fiber.addObserver(() => fibers.delete(fiber))
    return fiber
  }

  const closed = () => new ConversationError({ method: "run", reason: new Closed() })
  const isClosed = () => Deferred.isDoneUnsafe(closing)
  let ended: Promise<void> | undefined

  return {
    run: async (effect, options) => {
      const signal = signalOf(options)
      signal?.throwIfAborted()
      if (isClosed()) throw closed()
      const fiber = track(effect)
      const onAbort = () => fiber.interruptUnsafe()
      signal?.addEventListener("abort", onAbort, { once: true })
      const exit = await Effect.runPromise(Fiber.await(fiber))
      signal?.removeEventListener("abort", onAbort)
      if (Exit.isSuccess(exit)) return exit.value
      if (!Cause.hasInterruptsOnly(exit.cause)) throw Cause.squash(exit.cause)
      signal?.throwIfAborted()
      throw closed()
    },
    start: (effect) => {
      const fiber = track(effect)
      return { stop: () => Effect.runPromise(Fiber.interrupt(fiber)) }
    },
    runSync: (effect) => Effect.runSyncWith(context)(effect),
    iterate: (stream, options) =>
      Stream.toAsyncIterableWith(
        Stream.suspend(() => {
          const signal = signalOf(options)
          if (isClosed()) return Stream.die(closed())
          const open = Stream.interruptWhen(stream, Deferred.await(closing)).pipe(
            // what closing tears down underneath is no failure of the iteration
            Stream.catchCause((cause) => isClosed() ? Stream.empty : Stream.failCause(cause))
          )
          return signal === undefined ? open : Stream.interruptWhen(open, aborted(signal))
        }),
        context
      ),
    isClosed,
    close: () => {
      Deferred.doneUnsafe(closing, Effect.void)
      ended ??= Effect.runPromise(Effect.andThen(Fiber.interruptAll(fibers), Scope.close(scope, Exit.void)))
      return ended
    }
  }
}
