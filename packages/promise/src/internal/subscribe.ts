/** Subscriptions by callback. A callback that fails or is slow affects no other subscription. */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import * as Documented from "@effect-signalwire/schema/Documented"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { OnMessage, SubscribeOptions, Subscription } from "../Subscription.ts"
import { fromGap } from "../TimelineEvent.ts"
import { throwIfAborted } from "./abortSignal.ts"
import { CallbackRunner } from "./callbackRunner.ts"
import { parameterError } from "./options.ts"
import type { MapError } from "./publicMethod.ts"
import type { Runner } from "./runner.ts"
import { type LogError, safeCallback } from "./safeCallback.ts"
import type { TokenRefusals } from "./tokenRefusals.ts"

const requireConcurrency = (concurrency: unknown): number => {
  if (concurrency === undefined) return 1
  if (Number.isSafeInteger(concurrency) && Number(concurrency) >= 1) return Number(concurrency)
  throw parameterError("concurrency", "must be a positive integer")
}

/** What the subscriptions of a client share. */
export interface SubscribeHost {
  readonly runner: Runner<Conversations.Conversations>
  readonly tokenRefusals: TokenRefusals
  readonly logError: LogError
}

/**
 * Returns functions that report errors of a subscription to its `onError`, or to the logger when there is no `onError`
 * or when that fails as well.
 */
const makeReporter =
  (onError: SubscribeOptions["onError"], logError: LogError) => (message: string): (error: unknown) => void => {
    const log = (error: unknown) => logError(message, error)
    if (typeof onError !== "function") return log
    return (error) => {
      const call = safeCallback(onError, (failure) => {
        log(error)
        logError("the onError callback of a subscription failed", failure)
      })
      void call(error)
    }
  }

/**
 * Calls `callback` for every event that `filter` accepts, from when the Promise resolves until the subscription ends.
 */
export const subscribe = async (
  { logError, runner, tokenRefusals }: SubscribeHost,
  mapError: MapError,
  filter: (event: ConversationEvent) => boolean,
  callback: OnMessage,
  options: SubscribeOptions
): Promise<Subscription> => {
  if (typeof callback !== "function") throw parameterError("callback", "must be a function")
  const { policy, timeout } = options
  const concurrency = requireConcurrency(options.concurrency)
  const reporter = makeReporter(options.onError, logError)
  const call = safeCallback(callback, reporter("the callback of a subscription failed"))
  const reportEnd = reporter("a subscription failed and has ended")
  const reportRefusal = reporter("a subscription is waiting for another token")
  const callOnGap = typeof options.onGap === "function"
    ? safeCallback(options.onGap, reporter("the onGap callback of a subscription failed"))
    : undefined
  const scope = Scope.makeUnsafe()
  let active = true
  const isStopped = () => !active || runner.isClosed()
  const stopListening = tokenRefusals.listen((reason) =>
    reportRefusal(mapError(new ConversationError({ method: "subscribe", reason })))
  )
  const opening = runner.run(
    Effect.flatMap(
      Conversations.Conversations,
      ({ subscription }) =>
        Scope.provide(
          subscription({
            policy,
            timeout,
            onGap: callOnGap && ((gap) => Effect.sync(() => isStopped() ? undefined : callOnGap(fromGap(gap))))
          }),
          scope
        )
    ).pipe(Effect.onExit((exit) => Exit.isSuccess(exit) ? Effect.void : Scope.close(scope, exit))),
    options
  )
  const events = await opening.catch((error: unknown) => {
    stopListening()
    throw error
  })
  const callbackRunner = new CallbackRunner<ConversationEvent>((event) => call(Documented.event(event)), {
    concurrency,
    onSlow: (seconds) =>
      logError(`the callback of a subscription is still pending after ${seconds} s; messages are waiting for it`)
  })
  const signal = options.signal ?? undefined
  const { stop } = runner.start(
    // the caller must be able to stop it before the first call
    Effect.andThen(
      Effect.yieldNow,
      Stream.runForEachArray(events, (batch) => callbackRunner.runAll(batch.filter(filter), isStopped))
    ).pipe(
      // an interruption of this fiber is not caught, but the stream may also interrupt itself
      Effect.catchCause((cause) =>
        isStopped() ? Effect.void : Effect.sync(() => reportEnd(mapError(Cause.squash(cause))))
      ),
      Effect.onExit((exit) => {
        stopListening()
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
  // it may have been aborted between the end of the call and the listener above
  if (signal?.aborted === true) {
    await unsubscribe()
    throwIfAborted(signal)
  }
  return { unsubscribe, [Symbol.asyncDispose]: unsubscribe }
}
