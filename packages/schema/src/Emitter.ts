/**
 * Something that happens now and then, and those who listen to it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** Something that happens now and then. */
export class Emitter<A> {
  private listeners: ReadonlyArray<(value: A) => void> = []

  /** Completes when it happens next. */
  get next(): Effect.Effect<A> {
    return Effect.callback((resume) => {
      const stop = this.add((value) => {
        stop()
        resume(Effect.succeed(value))
      })
      return Effect.sync(stop)
    })
  }

  /** Calls back each time, until the scope closes. */
  watch(listener: (value: A) => void): Effect.Effect<void, never, Scope.Scope> {
    return Effect.asVoid(
      Effect.acquireRelease(Effect.sync(() => this.add(listener)), (stop) => Effect.sync(stop))
    )
  }

  /** It happens. */
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
