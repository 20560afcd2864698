/**
 * Where Effects become Promises: one runner a client. It runs what it is given on the client's services, honours abort
 * signals, and on closing ends everything it runs.
 */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import { Closed, invalidParameter } from "@effect-signalwire/schema/Reason"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

export interface RunOptions {
  /** Ends the call early; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

export interface Runner<R> {
  readonly run: <A, E>(method: string, effect: Effect.Effect<A, E, R>, options?: RunOptions) => Promise<A>
  /** Runs in the background until it ends, is stopped, or the client closes. */
  readonly start: <A, E>(effect: Effect.Effect<A, E, R>) => { readonly stop: () => Promise<void> }
  /** Runs something that does not wait. */
  readonly runSync: <A>(effect: Effect.Effect<A, never, R>) => A
  /** Iterates a stream; ends when the client closes. */
  readonly iterate: <A, E>(method: string, stream: Stream.Stream<A, E, R>, options?: RunOptions) => AsyncIterable<A>
  /** Whether closing has begun: nobody is called back any more. */
  readonly isClosed: () => boolean
  readonly close: () => Promise<void>
}

/** Not by its class: there are signals of other realms, and of polyfills. */
const isSignal = (value: unknown): value is AbortSignal =>
  typeof value === "object" && value !== null && "aborted" in value && "addEventListener" in value

/** The signal among the options. Callers may be untyped JavaScript, so neither is taken on trust. */
const signalOf = (method: string, options: RunOptions | undefined): AbortSignal | undefined => {
  const signal: unknown = options?.signal ?? undefined
  if (signal === undefined || isSignal(signal)) return signal
  throw new ConversationError({ method, reason: invalidParameter("signal", "must be an AbortSignal") })
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
  const built = await Effect.runPromiseExit(Layer.buildWithScope(layer, scope))
  if (Exit.isFailure(built)) {
    await Effect.runPromise(Scope.close(scope, built))
    throw Cause.squash(built.cause)
  }
  const context: Context.Context<R> = built.value
  const fibers = new Set<Fiber.Fiber<unknown, unknown>>()
  const closing = Deferred.makeUnsafe<void>()
  const fork = Effect.runForkWith(context)

  const track = <A, E>(effect: Effect.Effect<A, E, R>): Fiber.Fiber<A, E> => {
    const fiber = fork(effect)
    fibers.add(fiber)
    fiber.addObserver(() => fibers.delete(fiber))
    return fiber
  }

  const closed = (method: string) => new ConversationError({ method, reason: new Closed() })
  const isClosed = () => Deferred.isDoneUnsafe(closing)
  let ended: Promise<void> | undefined

  return {
    run: async (method, effect, options) => {
      const signal = signalOf(method, options)
      signal?.throwIfAborted()
      if (isClosed()) throw closed(method)
      const fiber = track(effect)
      const onAbort = () => fiber.interruptUnsafe()
      signal?.addEventListener("abort", onAbort, { once: true })
      const exit = await Effect.runPromise(Fiber.await(fiber))
      signal?.removeEventListener("abort", onAbort)
      if (Exit.isSuccess(exit)) return exit.value
      if (!Cause.hasInterruptsOnly(exit.cause)) throw Cause.squash(exit.cause)
      signal?.throwIfAborted()
      throw closed(method)
    },
    start: (effect) => {
      const fiber = track(effect)
      return { stop: () => Effect.runPromise(Fiber.interrupt(fiber)) }
    },
    runSync: (effect) => Effect.runSyncWith(context)(effect),
    iterate: (method, stream, options) =>
      Stream.toAsyncIterableWith(
        Stream.suspend(() => {
          const signal = signalOf(method, options)
          if (isClosed()) return Stream.die(closed(method))
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
