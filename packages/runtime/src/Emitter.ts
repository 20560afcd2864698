/**
 * Synchronous events with any number of listeners.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

interface Listener<A> {
  readonly call: (value: A) => void
}

/** An event that carries a value, with its listeners. */
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

  /** Calls `listener` with the value of each event, within `emit`, until the scope closes. */
  watch(listener: (value: A) => void): Effect.Effect<void, never, Scope.Scope> {
    return Effect.asVoid(
      Effect.acquireRelease(Effect.sync(() => this.add(listener)), (stop) => Effect.sync(stop))
    )
  }

  /**
   * Calls all listeners with a value. If listeners throw, the others are called nevertheless, and the first exception
   * is rethrown at the end.
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

  /** Calls `call` with the value of each event, within `emit`, until the function that results is called. */
  add(call: (value: A) => void): () => void {
    const listener = { call }
    // a new array, since a listener may add or remove listeners while `emit` iterates
    this.listeners = [...this.listeners, listener]
    return () => {
      this.listeners = this.listeners.filter((other) => other !== listener)
    }
  }
}
