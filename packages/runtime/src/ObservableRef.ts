/**
 * A mutable value whose changes can be observed: a small `SubscriptionRef`, for bundles that should not load `PubSub`.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import { Emitter } from "./Emitter.ts"
import * as Streams from "./Streams.ts"

/** A mutable value whose changes can be observed. */
export interface ObservableRef<A> {
  /** The current value. */
  readonly get: Effect.Effect<A>
  /** Replaces the value. */
  set(value: A): Effect.Effect<void>
  /**
   * Replaces the value synchronously, and calls all listeners. If listeners throw, the others are called nevertheless,
   * and the first exception is rethrown at the end. A listener may set another value: listeners receive it after this
   * one.
   */
  setUnsafe(value: A): void
  /** Completes with the next new value. */
  readonly next: Effect.Effect<A>
  /** Emits the current value, then each new value. `Streams.listen` receives each within the call that sets it. */
  readonly changes: Stream.Stream<A>
}

class ObservableRefImpl<A> implements ObservableRef<A> {
  private value: A
  /** The value that listeners have received last: `value`, unless they are being called. */
  private emitted: A
  private readonly emitter = new Emitter<A>()
  /** The values to emit, while listeners are called: one that sets another value appends it. */
  private emitting: Array<A> | undefined

  constructor(initial: A) {
    this.value = initial
    this.emitted = initial
  }

  get get(): Effect.Effect<A> {
    return Effect.sync(() => this.value)
  }

  set(value: A): Effect.Effect<void> {
    return Effect.sync(() => this.setUnsafe(value))
  }

  setUnsafe(value: A): void {
    this.value = value
    if (this.emitting !== undefined) return void this.emitting.push(value)
    const values = this.emitting = [value]
    const thrown: Array<unknown> = []
    for (const next of values) {
      this.emitted = next
      try {
        this.emitter.emit(next)
      } catch (error) {
        thrown.push(error)
      }
    }
    this.emitting = undefined
    if (thrown.length > 0) throw thrown[0]
  }

  get next(): Effect.Effect<A> {
    return this.emitter.next
  }

  get changes(): Stream.Stream<A> {
    // in one step, so that no value is missing or repeated in between
    const start = (listener: (value: A) => void) => () => {
      const stop = this.emitter.add(listener)
      listener(this.emitted)
      return stop
    }
    return Streams.fromListen((listener) =>
      Effect.asVoid(Effect.acquireRelease(Effect.sync(start(listener)), (stop) => Effect.sync(stop)))
    )
  }
}

/** Makes an observable value with an initial value. */
export const make = <A>(initial: A): ObservableRef<A> => new ObservableRefImpl(initial)
