/** Subscriptions by callback: what a callback does is its own affair, and never another's. */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import * as Documented from "@effect-signalwire/schema/Documented"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { type DocumentedGap, fromGap } from "../Timeline.ts"
import type { Runner, RunOptions } from "./runner.ts"

export interface SubscribeOptions extends RunOptions {
  /** What becomes of messages that come faster than they are taken. @default "suspend": nothing is lost */
  readonly policy?: Conversations.Policy | undefined
  /**
   * Told of messages that may be missing and can't be had, since history does not reach back over an interruption: before
   * the callback has what came after them. Without it a warning is logged.
   */
  readonly onGap?: ((gap: DocumentedGap) => void) | undefined
  /**
   * Told of what the callbacks throw or reject with, and of the failure that ended the subscription. Neither touches
   * another subscriber. Without it both are logged.
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** A running subscription. */
export interface Subscription extends AsyncDisposable {
  /** Ends it; the callback is not called again. */
  readonly unsubscribe: () => Promise<void>
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function"

/** Calls back for every event that is wanted, from when this resolves until it is ended. */
export const subscribe = async (
  runner: Runner<Conversations.Conversations>,
  report: (error: unknown) => void,
  wanted: (event: ConversationEvent) => boolean,
  callback: (message: Documented.DocumentedEvent) => unknown,
  options?: SubscribeOptions
): Promise<Subscription> => {
  if (typeof callback !== "function") {
    throw new ConversationError({
      method: "subscribe",
      reason: Reason.invalidParameter("callback", "must be a function")
    })
  }
  const tell = typeof options?.onError === "function" ? options.onError : report
  /** Calls what the user gave. What it throws or rejects with is its own affair, and told. */
  const guarded = <A>(call: (argument: A) => unknown, onFailure: (error: unknown) => void) => (argument: A): void => {
    try {
      const result = call(argument)
      if (isThenable(result)) Promise.resolve(result).catch(onFailure)
    } catch (error) {
      onFailure(error)
    }
  }
  const onError = guarded(tell, report)
  const call = guarded(callback, onError)
  const callOnGap = typeof options?.onGap === "function" ? guarded(options.onGap, onError) : undefined
  const scope = Scope.makeUnsafe()
  let active = true
  const isOver = () => !active || runner.isClosed()
  const events = await runner.run(
    "subscribe",
    Effect.flatMap(
      Conversations.Conversations,
      ({ subscription }) =>
        Scope.provide(
          subscription({
            policy: options?.policy,
            onGap: callOnGap && ((gap) => Effect.sync(() => isOver() ? undefined : callOnGap(fromGap(gap))))
          }),
          scope
        )
    ).pipe(Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))),
    options
  )
  const signal = options?.signal ?? undefined
  const { stop } = runner.start(
    // not before the caller can stop it
    Effect.andThen(
      Effect.yieldNow,
      Stream.runForEachArray(events, (batch) =>
        Effect.sync(() => {
          for (const event of batch) {
            if (isOver()) return
            if (wanted(event)) call(Documented.event(event))
          }
        }))
    ).pipe(
      Effect.catchCause((cause) =>
        Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.sync(() => onError(Cause.squash(cause)))
      ),
      Effect.onExit((exit) => {
        signal?.removeEventListener("abort", onAbort)
        return Scope.close(scope, exit)
      })
    )
  )
  const unsubscribe = () => {
    active = false
    return stop()
  }
  const onAbort = () => void unsubscribe()
  signal?.addEventListener("abort", onAbort, { once: true })
  if (signal?.aborted) {
    await unsubscribe()
    signal.throwIfAborted()
  }
  return { unsubscribe, [Symbol.asyncDispose]: unsubscribe }
}
