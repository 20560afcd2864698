/** Subscriptions by callback: what a callback does is its own affair, and never another's. */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import * as Documented from "@effect-signalwire/schema/Documented"
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { fromGap, type Gap } from "../Timeline.ts"
import { Callbacks } from "./callbacks.ts"
import type { Present } from "./caller.ts"
import { guarded } from "./guarded.ts"
import { forEachBatch } from "./iterating.ts"
import { invalid, throwIfAborted } from "./options.ts"
import type { Refusals } from "./refusals.ts"
import type { Runner, RunOptions } from "./runner.ts"
import { requireTimeout } from "./settings.ts"

/**
 * Called with every message, as it happens. A Promise that it returns is awaited before it is called again, unless
 * `concurrency` allows more. What it throws, or rejects with, is passed to `onError`.
 */
export type OnMessage = (message: Documented.ConversationEvent) => unknown

/** Where failures go that nobody else is told of. */
export type Report = (message: string, ...error: ReadonlyArray<unknown>) => void

/** How to be called back. The `signal` ends the subscription, also after it has begun. */
export interface SubscribeOptions extends RunOptions {
  /** What happens to messages that arrive faster than the callback handles them. @default "suspend": nothing is lost */
  readonly policy?: Conversations.Policy | undefined
  /**
   * How many Promises that the callback returned may be pending at once. With 1, messages are handled strictly one
   * after the other; those that arrive meanwhile wait as the `policy` says. A callback that messages have waited for
   * during 30 seconds is reported to the logger.
   * @default 1
   */
  readonly concurrency?: number | undefined
  /**
   * How long the beginning may take before the Promise rejects with reason `Timeout`: milliseconds, or a string such as
   * `"5 seconds"`. Without it, it waits for whatever may recover; `connection` says for what.
   * @default no limit
   */
  readonly timeout?: Duration.Input | undefined
  /**
   * Called for messages that may be missing and can't be had, since history does not reach back over an interruption,
   * before the callback gets what came after them.
   * @default only a warning is logged
   */
  readonly onGap?: ((gap: Gap) => void) | undefined
  /**
   * Called with what the callbacks throw or reject with; with the failure that ended the subscription; and, once for
   * each token that is refused while there is no other, with a `ConversationError` of reason `Unauthorized`: the
   * subscription then waits for `updateToken`. None of it affects another subscriber.
   * @default they are logged as errors
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** A running subscription. */
export interface Subscription extends AsyncDisposable {
  /** Ends it; the callback is not called again. Never rejects, and may be called again. */
  readonly unsubscribe: () => Promise<void>
}

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

const requireConcurrency = (concurrency: unknown): number => {
  if (concurrency === undefined) return 1
  if (Number.isSafeInteger(concurrency) && Number(concurrency) >= 1) return Number(concurrency)
  throw invalid("concurrency", "must be a positive integer")
}

/** What subscriptions of a client share. */
export interface Host {
  readonly runner: Runner<Conversations.Conversations>
  readonly refusals: Refusals
  readonly report: Report
}

/** Calls back for every event that is wanted, from when this resolves until it is ended. */
export const subscribe = async (
  { refusals, report, runner }: Host,
  shown: Present,
  wanted: (event: ConversationEvent) => boolean,
  callback: OnMessage,
  options: SubscribeOptions
): Promise<Subscription> => {
  if (typeof callback !== "function") throw invalid("callback", "must be a function")
  const policy = requirePolicy(options.policy)
  const timeout = requireTimeout(options.timeout)
  const concurrency = requireConcurrency(options.concurrency)
  const { onError } = options
  /** Passed to `onError`, and to the logger where there is none, or where it fails itself. */
  const tell = (message: string) => {
    const log = (error: unknown) => report(message, error)
    if (typeof onError !== "function") return log
    return (error: unknown): void => {
      const call = guarded(onError, (failure) => {
        log(error)
        report("a subscription's onError failed", failure)
      })
      void call(error)
    }
  }
  const call = guarded(callback, tell("a subscription's callback failed"))
  const ended = tell("a subscription ended, as it failed")
  const waits = tell("a subscription waits for another token")
  const callOnGap = typeof options.onGap === "function"
    ? guarded(options.onGap, tell("a subscription's onGap failed"))
    : undefined
  const scope = Scope.makeUnsafe()
  let active = true
  const isOver = () => !active || runner.isClosed()
  const ignoreRefusals = refusals.listen((reason) =>
    waits(shown(new ConversationError({ method: "subscribe", reason })))
  )
  const beginning = runner.run(
    Effect.flatMap(
      Conversations.Conversations,
      ({ subscription }) =>
        Scope.provide(
          subscription({
            policy,
            timeout,
            onGap: callOnGap && ((gap) => Effect.sync(() => isOver() ? undefined : callOnGap(fromGap(gap))))
          }),
          scope
        )
    ).pipe(Effect.onExit((exit) => Exit.isSuccess(exit) ? Effect.void : Scope.close(scope, exit))),
    options
  )
  const events = await beginning.catch((error: unknown) => {
    ignoreRefusals()
    throw error
  })
  const callbacks = new Callbacks<ConversationEvent>((event) => call(Documented.event(event)), {
    concurrency,
    onStuck: (seconds) => report(`a subscription's callback has not settled for ${seconds} s; messages wait for it`)
  })
  const signal = options.signal ?? undefined
  const { stop } = runner.start(
    // not before the caller can stop it
    Effect.andThen(
      Effect.yieldNow,
      forEachBatch(events, (batch) => callbacks.forEach(batch.filter(wanted), isOver))
    ).pipe(
      Effect.catchCause((cause) =>
        Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.sync(() => ended(shown(Cause.squash(cause))))
      ),
      Effect.onExit((exit) => {
        ignoreRefusals()
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
