/**
 * Delivers one message exactly once. When the response to a request is lost, the message may or may not have been
 * stored, so it is looked up before it is sent again. A response that takes long is not waited for when the message is
 * seen to be stored.
 */
import * as SendAttempt from "@effect-signalwire/http/SendAttempt"
import type { SendReceipt, Service as SignalWireHttp } from "@effect-signalwire/http/SignalWireHttp"
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as RetryAfter from "@effect-signalwire/runtime/RetryAfter"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { classifyFailure } from "./deliveryStatus.ts"
import type * as Echoes from "./echoes.ts"
import * as MessageLookup from "./messageLookup.ts"
import type { OutgoingMessage } from "./outgoingMessage.ts"
import type { Retrier } from "./retrier.ts"

export interface Options extends MessageLookup.Options {
  /**
   * How long a request of unknown outcome may still be in flight: its message is looked up for as long before it is
   * sent again, and four times as long after a timeout, when the server may still be processing the request.
   * Milliseconds.
   */
  readonly settleMillis: number
}

/** It is not known whether the message was stored. */
export class OutcomeUnknown extends Data.TaggedError("OutcomeUnknown")<{
  /**
   * Whether the server refuses to return its history for a reason that waiting does not change, such as a 403.
   * Otherwise history was read without a result, as from a server that drops client ids, or the deadline passed.
   */
  readonly historyRefused: boolean
  /** How long a request may still be in flight. Milliseconds. */
  readonly inFlightMillis: number
  readonly cause: unknown
}> {}

/** The message was not stored by the deadline; `last` is the failure of the last attempt, if there was one. */
export class DeadlineExceeded extends Data.TaggedError("DeadlineExceeded")<{
  readonly last: SignalWireHttpError | undefined
}> {}

type DeliveryError = SignalWireHttpError | OutcomeUnknown | DeadlineExceeded

export interface Delivery {
  /**
   * Delivers a message. Failures that are recoverable are retried until `deadline`, on the monotonic clock in
   * milliseconds. After any failure but `OutcomeUnknown` the message is not stored.
   */
  readonly deliver: (message: OutgoingMessage, deadline?: number) => Effect.Effect<SendReceipt, DeliveryError>
}

/**
 * How long a response is waited for before the message is looked up as well, and how long it is waited for after the
 * echo. Milliseconds.
 */
const responseGrace = 1000

/**
 * A connection that breaks this soon was most likely broken before, so the lookup is limited to the same time.
 * Milliseconds.
 */
const earlyBreakMillis = 1000

/** The longest delay between two attempts. Milliseconds. */
const capMillis = 10_000

/** How many server errors are retried; the next one is the result. */
const maxServerErrors = 8

/** No attempt begins this shortly before the deadline: its outcome would be unknown. Milliseconds. */
const shortestAttempt = 250

/** A property of the server that is shared by all deliveries of a client. */
interface ServerBehavior {
  /** Whether the server drops `metadata`, so that client ids go into `details` as well. */
  dropsMetadata: boolean
}

/** A request whose outcome is not known. */
interface UnknownRequest {
  readonly cause: unknown
  /** How long it may still be in flight. Milliseconds. */
  readonly inFlightMillis: number
}

/** What all deliveries of a client share. */
interface Dependencies extends MessageLookup.Dependencies {
  readonly options: Options
  readonly server: ServerBehavior
}

class MessageDelivery {
  private readonly dependencies: Dependencies
  private readonly message: OutgoingMessage
  private readonly lookup: MessageLookup.MessageLookup
  private readonly deadline: number
  /** `undefined` while the message is certainly not stored. */
  private unknownRequest: UnknownRequest | undefined
  private lastFailure: SignalWireHttpError | undefined
  private serverErrors = 0
  /** The state of the last request. */
  private lastAttempt: SendAttempt.SendAttempt = { mayBeStored: false }

  constructor(dependencies: Dependencies, message: OutgoingMessage, echo: Echoes.Echo, deadline: number) {
    this.dependencies = dependencies
    this.message = message
    this.lookup = new MessageLookup.MessageLookup(dependencies, message, echo)
    this.deadline = deadline
  }

  get run(): Effect.Effect<SendReceipt, DeliveryError> {
    const { deadline, deliver } = this
    if (!Number.isFinite(deadline)) return deliver
    return Effect.flatMap(
      Monotonic.millis,
      (now) => Effect.timeoutOrElse(deliver, { duration: Math.max(0, deadline - now), orElse: () => this.atDeadline })
    )
  }

  private get deliver(): Effect.Effect<SendReceipt, DeliveryError> {
    const { prior } = this.message
    if (prior === null) return this.send(0)
    const request: UnknownRequest = { cause: undefined, inFlightMillis: prior.inFlightMillis }
    if (prior.isKnownSent) this.unknownRequest = request
    return this.resolve(request, Effect.suspend(() => this.send(0)))
  }

  /** The failure at the deadline. */
  private get atDeadline(): Effect.Effect<never, OutcomeUnknown | DeadlineExceeded> {
    return Effect.suspend((): Effect.Effect<never, OutcomeUnknown | DeadlineExceeded> => {
      const { lastFailure, lastAttempt, unknownRequest } = this
      if (lastAttempt.mayBeStored) {
        const inFlightMillis = 4 * this.dependencies.options.settleMillis
        return Effect.fail(new OutcomeUnknown({ historyRefused: false, inFlightMillis, cause: lastFailure }))
      }
      return unknownRequest === undefined
        ? Effect.fail(new DeadlineExceeded({ last: lastFailure }))
        : Effect.fail(new OutcomeUnknown({ historyRefused: false, ...unknownRequest }))
    })
  }

  private send(attempt: number): Effect.Effect<SendReceipt, DeliveryError> {
    return Effect.flatMap(Monotonic.millis, (startedAt) => {
      if (attempt > 0 && startedAt + shortestAttempt >= this.deadline) return this.atDeadline
      if (!this.lookup.isSent) {
        this.lookup.setSent(startedAt)
        this.message.onSend?.(startedAt)
      }
      return Effect.catch(this.request, (error) => this.afterFailure(error, attempt, startedAt))
    })
  }

  /** Makes one request, and completes without its response when the message is seen to be stored. */
  private get request(): Effect.Effect<SendReceipt, SignalWireHttpError> {
    const { http, server } = this.dependencies
    const { onSend: _, prior: __, ...message } = this.message
    const attempt = this.lastAttempt = SendAttempt.make()
    return Effect.raceFirst(
      Effect.provideService(
        http.sendMessage({ ...message, clientIdIn: server.dropsMetadata ? "both" : "metadata" }),
        SendAttempt.SendAttempt,
        attempt
      ),
      Effect.delay(Effect.suspend(() => this.awaitStored), responseGrace)
    )
  }

  /** Completes when the message is seen to be stored. */
  private get awaitStored(): Effect.Effect<SendReceipt> {
    return Effect.raceFirst(
      // the response most often follows soon
      Effect.tap(this.lookup.receiveEcho, Effect.sleep(responseGrace)),
      this.lookup.untilStored(this.dependencies.options.settleMillis)
    )
  }

  private afterFailure(
    error: SignalWireHttpError,
    attempt: number,
    startedAt: number
  ): Effect.Effect<SendReceipt, DeliveryError> {
    return Effect.flatMap(Monotonic.millis, (now) => {
      const outcome = classifyFailure(error, this.lastAttempt)
      this.lastFailure = error
      this.lastAttempt = { mayBeStored: false }
      if (outcome === "rejected") return Effect.fail(error)
      const sendAgain = this.sendAgain(error, attempt, startedAt)
      if (outcome === "notStored") return sendAgain
      this.unknownRequest = { cause: error, inFlightMillis: this.inFlightMillis(error, now - startedAt) }
      if (error.reason._tag === "ServerError") this.serverErrors++
      const isFinal = this.serverErrors > maxServerErrors
      return this.resolve(this.unknownRequest, isFinal ? Effect.fail(error) : sendAgain)
    })
  }

  private sendAgain(
    { reason }: SignalWireHttpError,
    attempt: number,
    startedAt: number
  ): Effect.Effect<SendReceipt, DeliveryError> {
    return Effect.flatMap(Monotonic.millis, (now) =>
      // a server that asks for more time than is left makes another attempt pointless
      now + RetryAfter.fromReason(reason) >= this.deadline
        ? this.atDeadline
        : Effect.andThen(
          this.dependencies.retrier.wait(reason, { attempt, tookMillis: now - startedAt, capMillis }),
          this.send(attempt + 1)
        ))
  }

  /** How long a request that failed may still be in flight. Milliseconds. */
  private inFlightMillis({ reason }: SignalWireHttpError, tookMillis: number): number {
    const { settleMillis } = this.dependencies.options
    if (reason._tag === "Timeout") return 4 * settleMillis
    return reason._tag === "Transport" && tookMillis < earlyBreakMillis
      ? Math.min(settleMillis, earlyBreakMillis)
      : settleMillis
  }

  /**
   * Looks up the outcome of a request: returns the receipt when the message is stored, and continues with `whenAbsent`
   * when it is not.
   */
  private resolve(
    { cause, inFlightMillis }: UnknownRequest,
    whenAbsent: Effect.Effect<SendReceipt, DeliveryError>
  ): Effect.Effect<SendReceipt, DeliveryError> {
    // a message that was perhaps never sent need not be in history
    const mayBeUnsent = !this.lookup.isSent && this.message.prior?.isKnownSent === false
    return Effect.matchEffect(this.lookup.during(inFlightMillis), {
      onFailure: (failure) => Effect.fail(new OutcomeUnknown({ historyRefused: true, inFlightMillis, cause: failure })),
      onSuccess: (status) => {
        if (status._tag === "Stored") return Effect.succeed(status.receipt)
        if (status._tag === "Absent" || mayBeUnsent) {
          this.unknownRequest = undefined
          return whenAbsent
        }
        if (status._tag === "WithoutClientId") this.dependencies.server.dropsMetadata = true
        return Effect.fail(new OutcomeUnknown({ historyRefused: false, inFlightMillis, cause }))
      }
    })
  }
}

export const make = (
  http: SignalWireHttp,
  retrier: Retrier,
  echoes: Echoes.Echoes,
  options: Options
): Delivery => {
  const dependencies: Dependencies = { http, retrier, options, server: { dropsMetadata: false } }
  return {
    deliver: (message, deadline = Number.POSITIVE_INFINITY) =>
      echoes.listenDuring(message, (echo) => new MessageDelivery(dependencies, message, echo, deadline).run)
  }
}
