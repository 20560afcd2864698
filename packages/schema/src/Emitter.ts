/**
 * Events for any number of listeners.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** An event with a value, and its listeners. */
export class Emitter<A> {
  private listeners: ReadonlyArray<(value: A) => void> = []

  /** Completes with the value of the next event. */
  get next(): Effect.Effect<A> {
    return Effect.callback((resume) => {
      const stop = this.add((value) => {
        stop()
        resume(Effect.succeed(value))
      })
      return Effect.sync(stop)
    })
  }

  /** Calls back with each event's value, within `emit`, until the scope closes; the callback must not throw. */
  watch(listener: (value: A) => void): Effect.Effect<void, never, Scope.Scope> {
    return Effect.asVoid(
      Effect.acquireRelease(Effect.sync(() => this.add(listener)), (stop) => Effect.sync(stop))
    )
  }

  /** Emits an event with this value. */
  emit(value: A): void {
    for (const listener of this.listeners) listener(value)
  }

  private add(listener: (value: A) => void): () => void {
    this.listeners = [...this.listeners, listener]
    return () => {
      this.listeners = this.listeners.filter((other) => other !== listener)
    }
  }
}
