/**
 * Makes the client id of a message an idempotency key: all sends with one id store one message and have one result.
 * Sends of this client are remembered; whether another client sent a message is looked up in history.
 */
import { BoundedMap } from "@effect-signalwire/runtime/BoundedMap"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as SingleFlight from "@effect-signalwire/runtime/SingleFlight"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { ConversationError } from "../ConversationError.ts"
import type { OutgoingMessage, PriorSend } from "./outgoingMessage.ts"

/** How many sends are remembered, at least. */
const capacity = 1000

/** How many messages of history are searched for one that another client may have sent. */
const searchLimit = 1000

/** The prior send of a message that this client has not sent. */
const possiblySentElsewhere: PriorSend = {
  isKnownSent: false,
  inFlightMillis: 0,
  sentAt: null,
  sinceSeconds: null,
  searchLimit
}

/** A send that failed and may have stored its message. Times are milliseconds of the monotonic clock. */
interface UnknownSend {
  readonly sentAt: number
  /** Until then a request may be in flight. */
  readonly inFlightUntil: number
}

/** The input of a send. */
export type SendContext = Required<Pick<OutgoingMessage, "onSend" | "prior">>

export class Idempotency<A> {
  private readonly flights = SingleFlight.make<string, A, ConversationError>()
  private readonly results = new BoundedMap<string, A>(capacity)
  private readonly unknownSends = new BoundedMap<string, UnknownSend>(capacity)
  private readonly inFlightMillis: number

  /** `inFlightMillis` is how long a request of unknown outcome may still be in flight. */
  constructor(inFlightMillis: number) {
    this.inFlightMillis = inFlightMillis
  }

  /**
   * Runs `send`, unless a send with the same client id is running or has succeeded. `isNew` says that no other client
   * can have used the id.
   */
  run(
    { addressId, clientId, isNew }: {
      readonly addressId: string
      readonly clientId: string
      readonly isNew: boolean
    },
    send: (context: SendContext) => Effect.Effect<A, ConversationError>
  ): Effect.Effect<A, ConversationError> {
    const key = JSON.stringify([addressId, clientId])
    const start = Effect.suspend(() => {
      const unknown = this.unknownSends.get(key)
      let sentAt: number | undefined
      const onSend = (at: number) => {
        sentAt = at
      }
      const context = Effect.map(Monotonic.millis, (now): SendContext => ({
        prior: unknown === undefined ? isNew ? null : possiblySentElsewhere : priorSend(unknown, now),
        onSend
      }))
      return Effect.onExit(
        Effect.flatMap(context, send),
        (exit) => Effect.map(Monotonic.millis, (now) => this.record(key, unknown, sentAt, now, exit))
      )
    })
    return Effect.suspend(() => {
      const result = this.results.get(key)
      return result === undefined ? this.flights.run(key, start) : Effect.succeed(result)
    })
  }

  /**
   * Records the exit of a send that first sent the message at `sentAt`, if it did, and last sent it at `now` at most.
   */
  private record(
    key: string,
    before: UnknownSend | undefined,
    sentAt: number | undefined,
    now: number,
    exit: Exit.Exit<A, ConversationError>
  ): void {
    this.unknownSends.remove(key)
    if (Exit.isSuccess(exit)) return this.results.set(key, exit.value)
    const error = Exit.findErrorOption(exit)
    // an interrupted send may have stored its message as well
    if (error._tag === "Some" && error.value.stored === "no") return
    const unknown = sentAt === undefined
      ? before
      : { sentAt: before?.sentAt ?? sentAt, inFlightUntil: now + this.inFlightMillis }
    // without a send of this client, another one may still have sent it
    if (unknown !== undefined) this.unknownSends.set(key, unknown)
  }
}

const priorSend = ({ inFlightUntil, sentAt }: UnknownSend, now: number): PriorSend => ({
  isKnownSent: true,
  inFlightMillis: Math.max(0, inFlightUntil - now),
  sentAt,
  sinceSeconds: null
})
