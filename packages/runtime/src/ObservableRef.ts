/**
 * A mutable value whose changes can be observed: a small `SubscriptionRef`, for bundles that should not load `PubSub`.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
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
   * Replaces the value synchronously, and calls all watchers. If watchers throw, the others are called nevertheless,
   * and the first exception is rethrown at the end. A watcher may set another value: watchers receive it after this
   * one.
   */
  setUnsafe(value: A): void
  /** Completes with the next new value. */
  readonly next: Effect.Effect<A>
  /** Calls `watcher` with each new value, within the call that sets it, until the scope closes. */
  watch(watcher: (value: A) => void): Effect.Effect<void, never, Scope.Scope>
  /** Pulls the current value, then each new value, until the scope closes. */
  readonly pull: Effect.Effect<Streams.ArrayPull<A>, never, Scope.Scope>
  /** Emits the current value, then each new value. `Streams.listen` receives them as they are set. */
  readonly changes: Stream.Stream<A>
}

class ObservableRefImpl<A> implements ObservableRef<A> {
  private value: A
  private readonly watchers = new Emitter<A>()
  /** The values to emit, while watchers are called: one that sets another value appends it. */
  private emitting: Array<A> | undefined

  constructor(initial: A) {
    this.value = initial
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
      try {
        this.watchers.emit(next)
      } catch (error) {
        thrown.push(error)
      }
    }
    this.emitting = undefined
    if (thrown.length > 0) throw thrown[0]
  }

  get next(): Effect.Effect<A> {
    return this.watchers.next
  }

  watch(watcher: (value: A) => void): Effect.Effect<void, never, Scope.Scope> {
    return this.watchers.watch(watcher)
  }

  get pull(): Effect.Effect<Streams.ArrayPull<A>, never, Scope.Scope> {
    return Streams.pullListened((listener) => this.listen(listener))
  }

  get changes(): Stream.Stream<A> {
    return Streams.fromListen((listener) => this.listen(listener))
  }

  /** Calls `listener` with the current value, then with each new value. */
  private listen(listener: (value: A) => void): Effect.Effect<void, never, Scope.Scope> {
    return Effect.andThen(this.watch(listener), Effect.sync(() => listener(this.value)))
  }
}

/** Makes an observable value with an initial value. */
export const make = <A>(initial: A): ObservableRef<A> => new ObservableRefImpl(initial)
