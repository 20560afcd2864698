/**
 * What makes a client connect before its backoff has elapsed: a wake signal of the platform, a new token, or a caller's
 * request. A trigger that comes while there is nothing to interrupt stays pending for the next wait.
 */
import { Emitter } from "@effect-signalwire/runtime/Emitter"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { WakeSignal } from "../Wake.ts"
import type { SessionTrigger } from "./sessionEvents.ts"

/** A trigger for one consumer: it stays pending until it is consumed, and does not count how often it was set. */
class PendingTrigger {
  isPending = false
  private readonly emitter = new Emitter<void>()

  set(): void {
    this.isPending = true
    this.emitter.emit()
  }

  clear(): void {
    this.isPending = false
  }

  /** Waits until it is set, and consumes it. Interrupted before that, it consumes nothing. */
  get take(): Effect.Effect<void> {
    return Effect.andThen(
      Effect.suspend(() => this.isPending ? Effect.void : this.emitter.next),
      Effect.sync(() => this.clear())
    )
  }
}

/** The triggers of one client. */
export class ConnectTriggers {
  /** A wake signal since the last attempt: it ends one wait, within the limit on wake signals. */
  readonly wake = new PendingTrigger()
  /** A caller or a new token asks for a dial. */
  readonly request = new PendingTrigger()
  private readonly sessionTriggers = new Emitter<SessionTrigger>()
  private readonly retrySignals = new Emitter<void>()

  /** Handles a signal of the platform. */
  onPlatformSignal(signal: WakeSignal): void {
    if (signal === "wake") this.wake.set()
    this.triggerSession(signal)
    if (signal === "wake") this.notifyRetry()
  }

  /** Passes a trigger to the session that runs, if any. */
  triggerSession(trigger: SessionTrigger): void {
    this.sessionTriggers.emit(trigger)
  }

  /** Calls `callback` with each trigger for the session, until the scope closes. */
  watchSession(callback: (trigger: SessionTrigger) => void): Effect.Effect<void, never, Scope.Scope> {
    return this.sessionTriggers.watch(callback)
  }

  /** Completes {@link nextRetry}: now is a good moment to retry what failed. */
  notifyRetry(): void {
    this.retrySignals.emit()
  }

  /** Completes at the next good moment to retry what failed. */
  get nextRetry(): Effect.Effect<void> {
    return this.retrySignals.next
  }
}
