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
  private listeners: Set<Listener<A>> | undefined

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
    const thrown: Array<unknown> = []
    // those of now: one that is called may listen for the next event
    for (const { call } of Array.from(this.listeners ?? [])) {
      try {
        call(value)
      } catch (error) {
        thrown.push(error)
      }
    }
    if (thrown.length > 0) throw thrown[0]
  }

  private add(call: (value: A) => void): () => void {
    const listener = { call }
    const listeners = this.listeners ??= new Set()
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
}
