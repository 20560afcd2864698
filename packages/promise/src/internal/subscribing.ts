/** Subscriptions by callback: what a callback does is its own affair, and never another's. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import * as Documented from "@effect-signalwire/schema/Documented"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { type DocumentedGap, fromGap } from "../Timeline.ts"
import { type Present, withoutMachinery } from "./caller.ts"
import { forEachBatch } from "./iterating.ts"
import { invalid, throwIfAborted } from "./options.ts"
import type { Runner, RunOptions } from "./runner.ts"

/** Called with every message, as it happens. What it throws, or rejects with, is told to `onError`. */
export type OnMessage = (message: Documented.DocumentedEvent) => unknown

/** Where failures go that nobody else is told of. */
export type Report = (message: string, error: unknown) => void

/** How to be called back. The `signal` ends the subscription, also once it runs. */
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
  /** Ends it; the callback is not called again. Never rejects, and may be called again. */
  readonly unsubscribe: () => Promise<void>
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function"

const isPolicy = (value: unknown): value is Conversations.Policy =>
  value === "suspend" ||
  typeof value === "object" && value !== null &&
    "strategy" in value && (value.strategy === "sliding" || value.strategy === "dropping") &&
    "capacity" in value && Number.isSafeInteger(value.capacity) && Number(value.capacity) >= 1

const requirePolicy = (policy: unknown): Conversations.Policy | undefined => {
  if (policy === undefined || isPolicy(policy)) return policy
  throw invalid(
    "policy",
    "must be \"suspend\", or { strategy: \"sliding\" or \"dropping\", capacity: a positive integer }"
  )
}

/** Calls what the user gave. What it throws or rejects with is its own affair, and told. */
export const guarded =
  <A>(call: (argument: A) => unknown, onFailure: (error: unknown) => void) => (argument: A): void => {
    const fail = (error: unknown) => onFailure(withoutMachinery(error))
    try {
      const result = call(argument)
      if (isThenable(result)) Promise.resolve(result).catch(fail)
    } catch (error) {
      fail(error)
    }
  }

/** Calls back for every event that is wanted, from when this resolves until it is ended. */
export const subscribe = async (
  runner: Runner<Conversations.Conversations>,
  report: Report,
  shown: Present,
  wanted: (event: ConversationEvent) => boolean,
  callback: OnMessage,
  options: SubscribeOptions
): Promise<Subscription> => {
  if (typeof callback !== "function") throw invalid("callback", "must be a function")
  const policy = requirePolicy(options.policy)
  const { onError } = options
  /** Told to `onError`, and to the logger where there is none, or where it fails itself. */
  const tell = (message: string) => {
    const log = (error: unknown) => report(message, error)
    return typeof onError === "function" ? guarded(onError, log) : log
  }
  const call = guarded(callback, tell("a subscription's callback failed"))
  const ended = tell("a subscription ended, as it failed")
  const callOnGap = typeof options.onGap === "function"
    ? guarded(options.onGap, tell("a subscription's onGap failed"))
    : undefined
  const scope = Scope.makeUnsafe()
  let active = true
  const isOver = () => !active || runner.isClosed()
  const events = await runner.run(
    Effect.flatMap(
      Conversations.Conversations,
      ({ subscription }) =>
        Scope.provide(
          subscription({
            policy,
            onGap: callOnGap && ((gap) => Effect.sync(() => isOver() ? undefined : callOnGap(fromGap(gap))))
          }),
          scope
        )
    ).pipe(Effect.onExit((exit) => Exit.isFailure(exit) ? Scope.close(scope, exit) : Effect.void)),
    options
  )
  const signal = options.signal ?? undefined
  const { stop } = runner.start(
    // not before the caller can stop it
    Effect.andThen(
      Effect.yieldNow,
      forEachBatch(events, (batch) => {
        for (const event of batch) {
          if (isOver()) return
          if (wanted(event)) call(Documented.event(event))
        }
      })
    ).pipe(
      Effect.catchCause((cause) =>
        Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.sync(() => ended(shown(Cause.squash(cause))))
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
  if (signal?.aborted === true) {
    await unsubscribe()
    throwIfAborted(signal)
  }
  return { unsubscribe, [Symbol.asyncDispose]: unsubscribe }
}
