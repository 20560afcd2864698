/**
 * Delivers the messages of an outbox, one after the other. Of all workers with the same queue, in this process and
 * others, only the one that holds the lock delivers.
 */
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Backoff from "@effect-signalwire/runtime/Backoff"
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import { ClientId } from "@effect-signalwire/schema/Ids"
import { isRecoverable, Unconfirmed } from "@effect-signalwire/schema/Reason"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as PersistedQueue from "effect/persistence/PersistedQueue"
import { ConversationError } from "../ConversationError.ts"
import type { Delivery, OutcomeUnknown } from "./delivery.ts"
import type { Entry, OutboxEvent } from "./outboxEvent.ts"
import type { PriorSend } from "./outgoingMessage.ts"

export interface Options {
  readonly queue: PersistedQueue.PersistedQueue<Entry>
  /** A queue with one element that is never completed: the worker that has taken it holds the lock. */
  readonly lock: PersistedQueue.PersistedQueue<null>
  readonly delivery: Delivery
  /** How long a request of unknown outcome may still be in flight. Milliseconds. */
  readonly settleMillis: number
  readonly instrumentation: Instrumentation
  readonly publish: (event: OutboxEvent) => Effect.Effect<unknown>
}

/** Delays between retries, until the network is back, the server has recovered or the store is available. */
const retrySchedule = Backoff.schedule("1 second", "1 minute")

/**
 * How often the server may refuse to return its history, over about an hour, before a message that may have been stored
 * is given up.
 */
const maxHistoryRefusals = 64

/** A message whose request may have been sent by an earlier attempt or process. */
const priorSend = (entry: Entry, inFlightMillis: number): PriorSend => ({
  isKnownSent: true,
  inFlightMillis,
  sentAt: null,
  sinceSeconds: entry.after ?? null
})

const toConversationError = (clientId: ClientId, error: SignalWireHttpError | OutcomeUnknown): ConversationError =>
  error._tag === "OutcomeUnknown"
    ? new ConversationError({
      method: "outbox",
      reason: new Unconfirmed({ clientId }),
      stored: "unknown",
      cause: error.cause
    })
    : ConversationError.fromSend("outbox", "no")(error)

/**
 * Turns defects, and interruptions from inside an effect, into failures. Code of the user may interrupt itself, for
 * example when it waits for a fiber that is interrupted. An interruption of the fiber that runs the effect is not caught.
 */
const catchAll = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, unknown> =>
  Effect.catchCause(effect, (cause) => Effect.fail(Cause.squash(cause)))

/** Retries an operation of the store, which may fail with an error or, when it completes an element, with a defect. */
const retryStore = <A, E>(
  effect: Effect.Effect<A, E>,
  instrumentation: Instrumentation
): Effect.Effect<A> =>
  catchAll(effect).pipe(
    Effect.tapError((error) =>
      instrumentation.warn(
        "the store of the outbox is unavailable",
        [error instanceof Error ? error.message : String(error)],
        { operation: "outbox" }
      )
    ),
    Effect.retry(retrySchedule),
    Effect.orDie
  )

export class OutboxWorker {
  private readonly options: Options
  /** Messages that were enqueued while this worker held the lock. Any other one may have been sent before. */
  private readonly unsent = new Set<string>()
  private holdsLock = false

  constructor(options: Options) {
    this.options = options
  }

  /** Marks a message, before it is enqueued, as one that was never sent; it need not be looked up. */
  markUnsent(clientId: ClientId): void {
    if (this.holdsLock) this.unsent.add(clientId)
  }

  /** Reverts {@link markUnsent}. */
  unmarkUnsent(clientId: ClientId): void {
    this.unsent.delete(clientId)
  }

  /** Acquires the lock, then delivers until it is interrupted. */
  get run(): Effect.Effect<void> {
    const { instrumentation, lock } = this.options
    return retryStore(
      Effect.andThen(
        lock.offer(null, { id: "turn" }),
        lock.take((_, { attempts }) => this.deliverAll(attempts))
      ),
      instrumentation
    )
  }

  private deliverAll(attempts: number): Effect.Effect<never> {
    return Effect.gen({ self: this }, function*() {
      const { instrumentation, settleMillis } = this.options
      this.holdsLock = true
      /** When the requests of the previous holder can't be in flight any more. */
      const inFlightUntil = (yield* Monotonic.millis) + settleMillis
      // after a kill, a store may release the lock before it releases the message that was being delivered
      yield* attempts > 1 ? Effect.sleep(settleMillis) : Effect.yieldNow
      return yield* Effect.forever(retryStore(this.deliverNext(inFlightUntil), instrumentation))
    }).pipe(Effect.ensuring(Effect.sync(() => {
      this.holdsLock = false
      // the next holder of the lock may send what is in the queue
      this.unsent.clear()
    })))
  }

  /**
   * Delivers the next message. Once its outcome is known, it is removed from the queue and its outcome is published; an
   * interruption waits for both, since no other process would publish it.
   */
  private deliverNext(inFlightUntil: number): Effect.Effect<void, unknown> {
    const { queue } = this.options
    return Effect.uninterruptibleMask((restore) =>
      Effect.gen({ self: this }, function*() {
        let isOutcomeKnown = false
        // a fiber of its own, which is not interrupted once the outcome is known
        const delivery = yield* queue.take((entry, { id }) =>
          Effect.tap(this.deliver(entry, ClientId.make(id), inFlightUntil), () =>
            Effect.sync(() => {
              isOutcomeKnown = true
            }))
        ).pipe(
          // not before the message was removed: one that stays in the queue may get another outcome
          Effect.flatMap((event) => this.publish(event)),
          catchAll,
          Effect.forkChild
        )
        return yield* restore(Fiber.join(delivery)).pipe(
          Effect.onInterrupt(() => isOutcomeKnown ? Effect.asVoid(Fiber.await(delivery)) : Fiber.interrupt(delivery))
        )
      })
    )
  }

  private deliver(entry: Entry, clientId: ClientId, inFlightUntil: number): Effect.Effect<OutboxEvent> {
    return Effect.gen({ self: this }, function*() {
      const { delivery, settleMillis } = this.options
      const now = yield* Monotonic.millis
      let historyRefusals = 0
      let prior = this.unsent.delete(clientId) ? null : priorSend(entry, Math.max(inFlightUntil - now, 0))
      return yield* Effect.suspend(() => delivery.deliver({ ...entry, clientId, prior })).pipe(
        // there is no deadline
        Effect.catchTag("DeadlineExceeded", Effect.die),
        Effect.tapError((error) =>
          Effect.sync(() => {
            prior = priorSend(entry, error._tag === "OutcomeUnknown" ? error.inFlightMillis : settleMillis)
          })
        ),
        Effect.retry({
          schedule: retrySchedule,
          while: (error) =>
            error._tag === "OutcomeUnknown"
              ? error.historyRefused && ++historyRefusals < maxHistoryRefusals
              : isRecoverable(error.reason)
        }),
        Effect.match({
          onSuccess: (): OutboxEvent => ({ _tag: "Sent", clientId, entry }),
          onFailure: (error): OutboxEvent => ({
            _tag: "Failed",
            clientId,
            entry,
            error: toConversationError(clientId, error)
          })
        })
      )
    })
  }

  private publish(event: OutboxEvent): Effect.Effect<void> {
    const log = event._tag === "Failed"
      ? this.options.instrumentation.error("a message of the outbox was not sent", [event.error.message], {
        operation: event.error.method,
        clientId: event.clientId,
        addressId: event.entry.addressId,
        errorType: event.error.reason._tag
      })
      : Effect.void
    return Effect.andThen(log, Effect.asVoid(this.options.publish(event)))
  }
}
