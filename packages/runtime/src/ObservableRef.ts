/**
 * A value that can be watched: a small `SubscriptionRef`, which would bring all of `PubSub` along.
 *
 * @since 0.1.0
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Emitter } from "./Emitter.ts"
import { SingleConsumerQueue } from "./SingleConsumerQueue.ts"

/** A value that can be watched. */
export interface ObservableRef<A> {
  /** The value now. */
  readonly get: Effect.Effect<A>
  /** Replaces the value. */
  set(value: A): Effect.Effect<void>
  /**
   * Replaces the value at once, and calls all watchers, also after one that throws; what the first one threw is thrown
   * then. A watcher may set another value, which is passed on after this one.
   */
  setUnsafe(value: A): void
  /**
   * Calls back, within the call that sets it, with each value that replaces the one before it, until the scope closes.
   */
  watch(watcher: (value: A) => void): Effect.Effect<void, never, Scope.Scope>
  /** The value now, then each that replaces it, until the scope closes. */
  readonly pull: Effect.Effect<Pull.Pull<NonEmptyReadonlyArray<A>>, never, Scope.Scope>
  /** The value now, then each that replaces it. */
  readonly changes: Stream.Stream<A>
}

class Value<A> implements ObservableRef<A> {
  private value: A
  private readonly watchers = new Emitter<A>()
  /** Values that are being told: one who is told may set another, which the others hear after this one. */
  private told: Array<A> | undefined

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
    if (this.told !== undefined) return void this.told.push(value)
    const told = this.told = [value]
    const thrown: Array<unknown> = []
    for (const next of told) {
      try {
        this.watchers.emit(next)
      } catch (error) {
        thrown.push(error)
      }
    }
    this.told = undefined
    if (thrown.length > 0) throw thrown[0]
  }

  watch(watcher: (value: A) => void): Effect.Effect<void, never, Scope.Scope> {
    return this.watchers.watch(watcher)
  }

  get pull(): Effect.Effect<Pull.Pull<NonEmptyReadonlyArray<A>>, never, Scope.Scope> {
    return Effect.suspend(() => {
      const values = new SingleConsumerQueue<A>()
      values.offer(this.value)
      return Effect.as(this.watch((next) => values.offer(next)), values.take)
    })
  }

  get changes(): Stream.Stream<A> {
    return Stream.unwrap(Effect.map(this.pull, (pull) => Stream.fromPull(Effect.succeed(pull))))
  }
}

/** A value that can be watched, with the value it has at first. */
export const make = <A>(initial: A): ObservableRef<A> => new Value(initial)
