/**
 * The client id of a message as an idempotency key: all sends under one id come to one message, and one result. What was
 * sent here is remembered; what may have been sent elsewhere is for history to tell.
 */
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as SingleFlight from "@effect-signalwire/runtime/SingleFlight"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { ConversationError } from "../ConversationError.ts"
import type { Earlier } from "./delivery.ts"

/** How many sends are remembered. */
const capacity = 1000

/** How many messages of history are searched for one that may have been sent elsewhere. */
const searchLimit = 1000

/** A send that may have stored the message. Milliseconds of the monotonic clock. */
interface Unsettled {
  readonly sentAt: number
  readonly arrivesBy: number
}

/** What a send is to know, and what it reports. */
export interface Attempt {
  /** What is known of earlier sends; `null` when there were none. */
  readonly earlier: Earlier | null
  /** Called with the time when the message is first sent, milliseconds of the monotonic clock. */
  readonly onSend: (at: number) => void
}

const remember = <A>(entries: Map<string, A>, key: string, entry: A): void => {
  entries.set(key, entry)
  for (const eldest of entries.keys()) {
    if (entries.size <= capacity) return
    entries.delete(eldest)
  }
}

export class Idempotency<A> {
  private readonly flights = SingleFlight.make<string, A, ConversationError>()
  private readonly sent = new Map<string, A>()
  private readonly unsettled = new Map<string, Unsettled>()
  private readonly underWayMillis: number

  /** A request whose outcome is open may be on its way to being stored for so long. */
  constructor(underWayMillis: number) {
    this.underWayMillis = underWayMillis
  }

  /** Sends, unless that is under way or done. `isNew` says that nobody can have used the id before. */
  once(
    { addressId, clientId, isNew }: {
      readonly addressId: string
      readonly clientId: string
      readonly isNew: boolean
    },
    send: (attempt: Attempt) => Effect.Effect<A, ConversationError>
  ): Effect.Effect<A, ConversationError> {
    const key = JSON.stringify([addressId, clientId])
    const begin = Effect.suspend(() => {
      const unsettled = this.unsettled.get(key)
      let sentAt: number | undefined
      const onSend = (at: number) => {
        sentAt = at
      }
      const attempt = Effect.map(Monotonic.millis, (now): Attempt => ({
        earlier: unsettled === undefined ? isNew ? null : elsewhere : this.earlier(unsettled, now),
        onSend
      }))
      return Effect.onExit(
        Effect.flatMap(attempt, send),
        (exit) => Effect.map(Monotonic.millis, (now) => this.settle(key, unsettled, sentAt, now, exit))
      )
    })
    return Effect.suspend(() => {
      const result = this.sent.get(key)
      return result === undefined ? this.flights.run(key, begin) : Effect.succeed(result)
    })
  }

  private earlier({ arrivesBy, sentAt }: Unsettled, now: number): Earlier {
    return { wasSent: true, underWayMillis: Math.max(0, arrivesBy - now), sentAt, sinceSeconds: null }
  }

  /** `sentAt` is when the attempt that is over first sent the message, if it did; the last time may be only now. */
  private settle(
    key: string,
    before: Unsettled | undefined,
    sentAt: number | undefined,
    now: number,
    exit: Exit.Exit<A, ConversationError>
  ): void {
    this.unsettled.delete(key)
    if (Exit.isSuccess(exit)) return remember(this.sent, key, exit.value)
    const error = Exit.findErrorOption(exit)
    // one that was interrupted may be on its way as well
    if (error._tag === "Some" && error.value.stored === "no") return
    const unsettled = sentAt === undefined
      ? before
      : { sentAt: before?.sentAt ?? sentAt, arrivesBy: now + this.underWayMillis }
    // what was never sent here is still looked for as what may have been sent elsewhere
    if (unsettled !== undefined) remember(this.unsettled, key, unsettled)
  }
}

/** Nothing is known of it here. */
const elsewhere: Earlier = { wasSent: false, underWayMillis: 0, sentAt: null, sinceSeconds: null, searchLimit }
