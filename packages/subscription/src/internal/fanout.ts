/**
 * Distributes the signals of one session to many subscribers. Each has a queue of its own, so that a slow subscriber
 * neither slows the others nor grows without bound. A full queue drops further signals and ends with a
 * `Discontinuity`; once its subscriber has taken that, it accepts signals again, and history has what was dropped.
 */
import { Emitter } from "@effect-signalwire/runtime/Emitter"
import { SingleConsumerQueue } from "@effect-signalwire/runtime/SingleConsumerQueue"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Signal from "../Signal.ts"
import type { SubscriptionError } from "../SubscriptionError.ts"

/** A subscriber's handle: how it receives the signals of the session. */
export interface Subscriber {
  /**
   * Pulls the buffered signals in order, and waits if there are none. Fails when the state of the connection becomes
   * `Failed`, and ends when the client is closed. Only one fiber may pull at a time.
   */
  readonly signals: Pull.Pull<NonEmptyReadonlyArray<Signal.Signal>, SubscriptionError>
  /**
   * Appends a `Discontinuity` with the cause `requested` to the buffered signals of this subscriber: it follows
   * everything that was emitted so far.
   */
  readonly requestDiscontinuity: Effect.Effect<void>
  /** Takes the buffered signals without waiting; an empty array if there are none. */
  readonly takeBuffered: Effect.Effect<ReadonlyArray<Signal.Signal>>
}

class SubscriberQueue {
  readonly queue = new SingleConsumerQueue<Signal.Signal, SubscriptionError | Cause.Done>()
  /** Whether the queue is full and ends with a `Discontinuity`. */
  private hasOverflowed = false
  private readonly capacity: number

  constructor(capacity: number) {
    this.capacity = capacity
  }

  offerAll(signals: ReadonlyArray<Signal.Signal>): void {
    if (this.hasOverflowed) return
    const free = this.capacity - this.queue.size
    if (signals.length <= free) return this.queue.offerAll(signals)
    this.hasOverflowed = true
    this.queue.offerAll([...signals.slice(0, free), Signal.overflow])
  }

  /** Everything was taken, so there is space again. */
  private onTake<A>(signals: A): A {
    this.hasOverflowed = false
    return signals
  }

  subscriber(): Subscriber {
    return {
      signals: Effect.map(this.queue.take, (signals) => this.onTake(signals)),
      requestDiscontinuity: Effect.sync(() => this.offerAll([Signal.requested])),
      takeBuffered: Effect.sync(() => this.onTake(this.queue.clear()))
    }
  }
}

/** Distributes signals to subscribers, of whose signals up to `capacity` are buffered, and to observers. */
export class Fanout {
  private queues: ReadonlyArray<SubscriberQueue> = []
  private readonly observers = new Emitter<ReadonlyArray<Signal.Signal>>()
  private readonly capacity: number

  constructor(capacity: number) {
    this.capacity = capacity
  }

  /** Adds a subscriber, which receives all signals from now on until the scope closes. */
  get subscribe(): Effect.Effect<Subscriber, never, Scope.Scope> {
    return Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => {
          const queue = new SubscriberQueue(this.capacity)
          this.queues = [...this.queues, queue]
          return queue
        }),
        (removed) =>
          Effect.sync(() => {
            this.queues = this.queues.filter((queue) => queue !== removed)
            removed.queue.clear()
            removed.queue.done(Exit.interrupt())
          })
      ),
      (queue) => queue.subscriber()
    )
  }

  /** Calls `callback` with every batch of signals, before subscribers receive it, until the scope closes. */
  observe(callback: (signals: ReadonlyArray<Signal.Signal>) => void): Effect.Effect<void, never, Scope.Scope> {
    return this.observers.watch(callback)
  }

  /** Emits a batch of signals to all observers and subscribers. */
  emit(signals: ReadonlyArray<Signal.Signal>): void {
    this.observers.emit(signals)
    for (const queue of this.queues) queue.offerAll(signals)
  }

  /** Ends the signals of all subscribers: with `error`, or without one when the client is closed. */
  end(error?: SubscriptionError): void {
    const exit = Exit.fail(error ?? Cause.Done())
    for (const { queue } of this.queues) queue.done(exit)
  }
}
