/**
 * One session, many subscribers: each has a mailbox of its own, so that a slow one neither slows the others nor grows
 * without bound. A mailbox that is full drops what comes until its owner has read the `Lapse` at its end; history then
 * has what was dropped.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Signal from "../Signal.ts"
import type { SubscriptionError } from "../SubscriptionError.ts"

interface Mailbox {
  readonly queue: Queue.Queue<Signal.Signal, SubscriptionError | Cause.Done>
  /** A `Lapse` for overflow stands at the end of the queue. */
  overflowed: boolean
}

/** One subscriber's end of the session. */
export interface Attachment {
  /** Everything from now on, in order; fails when the session ends for good. */
  readonly signals: Stream.Stream<Signal.Signal, SubscriptionError>
  /** Marks this point for this subscriber: a `Lapse` that it asked for comes after everything that was emitted so far. */
  readonly mark: Effect.Effect<void>
  /** What waits for this subscriber, without waiting for more; nothing when the session has ended. */
  readonly waiting: Effect.Effect<ReadonlyArray<Signal.Signal>>
}

export interface Fanout {
  /** Hands a batch to every subscriber. */
  readonly emit: (signals: ReadonlyArray<Signal.Signal>) => void
  /** Calls back with every batch, before subscribers have it, until the scope closes. */
  readonly observe: (
    callback: (signals: ReadonlyArray<Signal.Signal>) => void
  ) => Effect.Effect<void, never, Scope.Scope>
  /** Ends every subscriber's stream, with an error or without one. */
  readonly end: (error?: SubscriptionError) => Effect.Effect<void>
  /** A subscriber; attached from now on, detached with the scope. */
  readonly attach: Effect.Effect<Attachment, never, Scope.Scope>
}

const post = (mailbox: Mailbox, signals: ReadonlyArray<Signal.Signal>, capacity: number): void => {
  if (mailbox.overflowed) return
  const room = capacity - Queue.sizeUnsafe(mailbox.queue)
  if (signals.length <= room) {
    Queue.offerAllUnsafe(mailbox.queue, signals)
    return
  }
  mailbox.overflowed = true
  Queue.offerAllUnsafe(mailbox.queue, [...signals.slice(0, Math.max(room, 0)), Signal.overflow])
}

/** A fan-out whose mailboxes hold up to `capacity` signals. */
export const make = (capacity: number): Fanout => {
  const mailboxes = new Set<Mailbox>()
  const observers = new Set<(signals: ReadonlyArray<Signal.Signal>) => void>()

  const attach: Fanout["attach"] = Effect.gen(function*() {
    const queue = yield* Queue.unbounded<Signal.Signal, SubscriptionError | Cause.Done>()
    const mailbox: Mailbox = { queue, overflowed: false }
    yield* Effect.acquireRelease(
      Effect.sync(() => mailboxes.add(mailbox)),
      () =>
        Effect.sync(() => {
          mailboxes.delete(mailbox)
          Queue.shutdownUnsafe(queue)
        })
    )
    // Taking empties the queue, the lapse at its end included: from here on there is room again.
    const emptied = Effect.sync(() => mailbox.overflowed = false)
    const take = Effect.tap(Queue.takeAll(queue), () => emptied)
    return {
      signals: Stream.fromPull(Effect.succeed(take)),
      mark: Effect.sync(() => post(mailbox, [Signal.requested], capacity)),
      waiting: Queue.clear(queue).pipe(Effect.orElseSucceed(() => []), Effect.tap(() => emptied))
    }
  })

  return {
    attach,
    observe: (callback) =>
      Effect.acquireRelease(
        Effect.sync(() => void observers.add(callback)),
        () => Effect.sync(() => observers.delete(callback))
      ),
    emit: (signals) => {
      for (const observer of observers) observer(signals)
      for (const mailbox of mailboxes) post(mailbox, signals, capacity)
    },
    end: (error) =>
      Effect.forEach(
        mailboxes,
        ({ queue }) => error === undefined ? Queue.end(queue) : Queue.fail(queue, error),
        { discard: true }
      )
  }
}
