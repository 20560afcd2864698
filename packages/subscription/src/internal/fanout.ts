/**
 * One session, many subscribers: each has a mailbox of its own, so that a slow one neither slows the others nor grows
 * without bound. A mailbox that is full drops what comes until its owner has read the `Lapse` at its end; history then
 * has what was dropped.
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

/** One subscriber's end of the session. */
export interface Subscriber {
  /** What waits, in order, once there is anything; fails when the session ends for good. For one reader. */
  readonly signals: Pull.Pull<NonEmptyReadonlyArray<Signal.Signal>, SubscriptionError>
  /** Marks this point for this subscriber: a `Lapse` that it asked for comes after everything that was emitted so far. */
  readonly requestDiscontinuity: Effect.Effect<void>
  /** What waits for this subscriber, without waiting for more; nothing when the session has ended. */
  readonly waiting: Effect.Effect<ReadonlyArray<Signal.Signal>>
}

type Listener = (signals: ReadonlyArray<Signal.Signal>) => void

class SubscriberQueue {
  readonly queue = new SingleConsumerQueue<Signal.Signal, SubscriptionError | Cause.Done>()
  /** A `Lapse` for overflow stands at the end of the mailbox. */
  private overflowed = false
  private readonly capacity: number

  constructor(capacity: number) {
    this.capacity = capacity
  }

  post(signals: ReadonlyArray<Signal.Signal>): void {
    if (this.overflowed) return
    const room = this.capacity - this.queue.size
    if (signals.length <= room) return this.queue.offerAll(signals)
    this.overflowed = true
    this.queue.offerAll([...signals.slice(0, Math.max(room, 0)), Signal.overflow])
  }

  /** What was taken had the lapse at its end: from here on there is room again. */
  private taken<A>(signals: A): A {
    this.overflowed = false
    return signals
  }

  subscriber(): Subscriber {
    return {
      signals: Effect.map(this.queue.take, (signals) => this.taken(signals)),
      requestDiscontinuity: Effect.sync(() => this.post([Signal.requested])),
      waiting: Effect.sync(() => this.taken(this.queue.clear()))
    }
  }
}

/** A fan-out whose mailboxes hold up to `capacity` signals. */
export class Fanout {
  private subscribers: ReadonlyArray<SubscriberQueue> = []
  private readonly observers = new Emitter<ReadonlyArray<Signal.Signal>>()
  private readonly capacity: number

  constructor(capacity: number) {
    this.capacity = capacity
  }

  /** A subscriber; attached from now on, detached with the scope. */
  get attach(): Effect.Effect<Subscriber, never, Scope.Scope> {
    return Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => {
          const subscriber = new SubscriberQueue(this.capacity)
          this.subscribers = [...this.subscribers, subscriber]
          return subscriber
        }),
        (subscriber) =>
          Effect.sync(() => {
            this.subscribers = this.subscribers.filter((other) => other !== subscriber)
            subscriber.queue.clear()
            subscriber.queue.done(Exit.interrupt())
          })
      ),
      (subscriber) => subscriber.subscriber()
    )
  }

  /** Calls back with every batch, before subscribers have it, until the scope closes. */
  observe(callback: Listener): Effect.Effect<void, never, Scope.Scope> {
    return this.observers.watch(callback)
  }

  /** Hands a batch to every subscriber. */
  emit(signals: ReadonlyArray<Signal.Signal>): void {
    this.observers.emit(signals)
    for (const subscriber of this.subscribers) subscriber.post(signals)
  }

  /** Ends every subscriber's signals, with an error or without one. */
  end(error?: SubscriptionError): void {
    const exit = Exit.fail(error ?? Cause.Done())
    for (const { queue: mailbox } of this.subscribers) mailbox.done(exit)
  }
}
