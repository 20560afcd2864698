/**
 * Events for any number of listeners.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

interface Listener<A> {
  readonly call: (value: A) => void
}

/** An event with a value, and its listeners. */
export class Emitter<A> {
  private listeners: ReadonlyArray<Listener<A>> = []

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

  /** Calls back with each event's value, within `emit`, until the scope closes. */
  watch(listener: (value: A) => void): Effect.Effect<void, never, Scope.Scope> {
    return Effect.asVoid(
      Effect.acquireRelease(Effect.sync(() => this.add(listener)), (stop) => Effect.sync(stop))
    )
  }

  /**
   * Emits an event with this value: calls all listeners, also after one that throws; what the first one threw is thrown
   * then.
   */
  emit(value: A): void {
    let thrown: { readonly error: unknown } | undefined
    for (const { call } of this.listeners) {
      try {
        call(value)
      } catch (error) {
        thrown ??= { error }
      }
    }
    if (thrown !== undefined) throw thrown.error
  }

  private add(call: (value: A) => void): () => void {
    const listener = { call }
    // a list of its own for each event: one that is called may listen for the next
    this.listeners = [...this.listeners, listener]
    return () => {
      this.listeners = this.listeners.filter((other) => other !== listener)
    }
  }
}
