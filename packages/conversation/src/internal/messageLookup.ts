/**
 * Looks up whether a message was stored: first whether its echo was received, then in the history of its conversation.
 *
 * How far back history is searched depends on the server's times only: a message that was sent a while ago, by the
 * monotonic clock, can't precede the newest message by more than that.
 */
import { withoutRetry } from "@effect-signalwire/http/RetryPolicy"
import type { SendReceipt, Service as SignalWireHttp } from "@effect-signalwire/http/SignalWireHttp"
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Backoff from "@effect-signalwire/runtime/Backoff"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import { isRecoverable } from "@effect-signalwire/schema/Reason"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as DeliveryStatus from "./deliveryStatus.ts"
import type { Echo } from "./echoes.ts"
import * as HistorySlice from "./historySlice.ts"
import type { OutgoingMessage } from "./outgoingMessage.ts"
import { type Retrier } from "./retrier.ts"

export interface Options {
  /** How long before the newest message another message may become visible. Seconds. */
  readonly overlapSeconds: number
  /** How many messages of history to search. */
  readonly searchLimit: number
}

/** The first and the longest pause between two lookups. Milliseconds. */
const pauses: Backoff.Bounds = { baseMillis: 250, capMillis: 5000 }

/** The longest delay between retries of a read that failed. Milliseconds. */
const retryCapMillis = 10_000

const pageSize = 100

/**
 * Repeats a lookup, with pauses that double, while the message is absent; the last time at `until`, on the monotonic clock
 * in milliseconds.
 */
const poll = Effect.fnUntraced(function*<E>(
  lookUp: Effect.Effect<DeliveryStatus.DeliveryStatus, E>,
  until: number
): Effect.fn.Return<DeliveryStatus.DeliveryStatus, E> {
  for (let attempt = 0;; attempt++) {
    const status = yield* lookUp
    const remaining = until - (yield* Monotonic.millis)
    if (status._tag !== "Absent" || remaining <= 0) return status
    const pause = Backoff.delayMillis({ ...pauses, attempt })
    yield* Effect.sleep(Math.ceil(Math.min(pause, remaining)))
  }
})

export interface Dependencies {
  readonly http: SignalWireHttp
  readonly retrier: Retrier
  readonly options: Options
}

export class MessageLookup {
  private readonly dependencies: Dependencies
  private readonly message: OutgoingMessage
  private readonly echo: Echo
  /** When this client first sent the message, by the monotonic clock. */
  private sentAt: number | undefined
  /** Everything before this time was searched already. Unix seconds. */
  private searched = Number.NEGATIVE_INFINITY

  constructor(dependencies: Dependencies, message: OutgoingMessage, echo: Echo) {
    this.dependencies = dependencies
    this.message = message
    this.echo = echo
  }

  /** Whether this client has sent the message. */
  get isSent(): boolean {
    return this.sentAt !== undefined
  }

  /** Sets when this client first sent the message. */
  setSent(at: number): void {
    this.sentAt = at
  }

  /** Completes when the echo of the message is received. */
  get receiveEcho(): Effect.Effect<SendReceipt> {
    return Deferred.await(this.echo)
  }

  /**
   * Looks the message up until it is found or `millis` milliseconds have passed, and once more at the end. Fails when
   * history can't be read for a reason that is not recoverable.
   */
  during(millis: number): Effect.Effect<DeliveryStatus.DeliveryStatus, SignalWireHttpError> {
    const lookUp = this.dependencies.retrier.retry({
      attempt: withoutRetry(this.lookUp),
      onFailure: (error: SignalWireHttpError) =>
        isRecoverable(error.reason) ? Effect.succeed(retryCapMillis) : Effect.fail(error)
    })
    return Effect.flatMap(Monotonic.millis, (now) => poll(lookUp, now + millis))
  }

  /** Looks the message up at an interval in milliseconds, whatever fails, and completes when it is stored. */
  untilStored(interval: number): Effect.Effect<SendReceipt> {
    const lookUp = Effect.orElseSucceed(this.lookUp, () => DeliveryStatus.absent)
    return Effect.flatMap(
      Effect.delay(lookUp, interval),
      (status) => status._tag === "Stored" ? Effect.succeed(status.receipt) : this.untilStored(interval)
    )
  }

  private get lookUp(): Effect.Effect<DeliveryStatus.DeliveryStatus, SignalWireHttpError> {
    return Effect.suspend((): Effect.Effect<DeliveryStatus.DeliveryStatus, SignalWireHttpError> => {
      const { http, options } = this.dependencies
      const { addressId, clientId, prior, text } = this.message
      if (Deferred.isDoneUnsafe(this.echo)) {
        return Effect.map(this.receiveEcho, (receipt) => ({ _tag: "Stored", receipt }))
      }
      return Effect.map(
        Effect.flatMap(Monotonic.millis, (now) =>
          HistorySlice.readBack(
            http.getConversationMessages({ addressId, pageSize }),
            (newestSeconds) => this.searchBackTo(newestSeconds, now),
            prior?.searchLimit ?? options.searchLimit,
            (message) => message.clientId === clientId
          )),
        (slice) => {
          const [newest] = slice.messages
          if (slice.end === "reached" && newest !== undefined) {
            this.searched = newest.epochSeconds - options.overlapSeconds
          }
          return DeliveryStatus.classify(slice, clientId, text)
        }
      )
    })
  }

  /** The earliest time that the message can have, given that of the newest message. Unix seconds. */
  private searchBackTo(newestSeconds: number, now: number): number {
    const { overlapSeconds } = this.dependencies.options
    const { prior } = this.message
    const since = prior?.sinceSeconds ?? null
    if (since !== null) return Math.max(since - overlapSeconds, this.searched)
    const sentAt = prior === null ? this.sentAt ?? now : prior.sentAt
    return sentAt === null
      ? this.searched
      : Math.max(newestSeconds - (now - sentAt) / 1000 - overlapSeconds, this.searched)
  }
}
