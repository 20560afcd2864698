/**
 * The client id of a message as an idempotency key: all sends under one id come to one message, and one result. What was
 * sent here is remembered; what may have been sent elsewhere is for history to tell.
 */
import * as Flight from "@effect-signalwire/schema/Flight"
import * as Monotonic from "@effect-signalwire/schema/Monotonic"
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

const remember = <A>(entries: Map<string, A>, key: string, entry: A): void => {
  entries.set(key, entry)
  for (const eldest of entries.keys()) {
    if (entries.size <= capacity) return
    entries.delete(eldest)
  }
}

export class Idempotency<A> {
  private readonly flights = Flight.make<string, A, ConversationError>()
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
    send: (earlier: Earlier | null) => Effect.Effect<A, ConversationError>
  ): Effect.Effect<A, ConversationError> {
    const key = JSON.stringify([addressId, clientId])
    const begin = Effect.flatMap(Monotonic.millis, (now) => {
      const unsettled = this.unsettled.get(key)
      return Effect.onExit(
        send(unsettled === undefined ? isNew ? null : elsewhere : this.earlier(unsettled, now)),
        (exit) => Effect.sync(() => this.settle(key, unsettled?.sentAt ?? now, now, exit))
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

  private settle(key: string, sentAt: number, now: number, exit: Exit.Exit<A, ConversationError>): void {
    this.unsettled.delete(key)
    if (Exit.isSuccess(exit)) return remember(this.sent, key, exit.value)
    const error = Exit.findErrorOption(exit)
    // one that was interrupted may be on its way as well
    if (error._tag === "Some" && error.value.stored === "no") return
    remember(this.unsettled, key, { sentAt, arrivesBy: now + this.underWayMillis })
  }
}

/** Nothing is known of it here. */
const elsewhere: Earlier = { wasSent: false, underWayMillis: 0, sentAt: null, sinceSeconds: null, searchLimit }
