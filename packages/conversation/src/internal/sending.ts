/** Sending: each conversation's messages one after the other, with a deadline and a bound on how many may wait. */
import type { SendReceipt } from "@effect-signalwire/http/SignalWireHttp"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as Timeouts from "@effect-signalwire/runtime/Timeouts"
import type { ClientId } from "@effect-signalwire/schema/Ids"
import * as Reason from "@effect-signalwire/schema/Reason"
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { ConversationError } from "../ConversationError.ts"
import type { Delivery, Letter } from "./delivery.ts"

export interface Options {
  /** How long a send may take, the wait for its turn included. Milliseconds. */
  readonly deadlineMillis: number
  /** How many sends may wait or be under way at once. */
  readonly capacity: number
}

export interface Sending {
  readonly send: (letter: Letter) => Effect.Effect<SendReceipt, ConversationError>
}

const method = "sendMessage"

const unconfirmed = (clientId: ClientId, cause: unknown) =>
  new ConversationError({ method, reason: new Reason.Unconfirmed({ clientId }), stored: "unknown", cause })

/** Failures of a message that is not sent this time; it may have been before. */
const unsent = ({ clientId, earlier }: Letter, reason: Reason.Reason) =>
  earlier?.wasSent === true
    ? unconfirmed(clientId, reason)
    : new ConversationError({ method, reason, stored: "no" })

/** A message's place in the line of its conversation. */
interface Place {
  /** Completes once the message is done, and all before it are. */
  readonly done: Deferred.Deferred<void>
  before: Place | undefined
  isOver: boolean
}

/** The last of those up to a place that is not over: some give up while others are before them. */
const lastAlive = (place: Place | undefined): Place | undefined => {
  let alive = place
  while (alive?.isOver === true) alive = alive.before
  return alive
}

export const make = (delivery: Delivery, options: Options): Sending => {
  /** The end of each conversation's line. */
  const last = new Map<string, Place>()
  let underWay = 0

  const join = (addressId: string): Place => {
    const place: Place = { done: Deferred.makeUnsafe(), before: last.get(addressId), isOver: false }
    last.set(addressId, place)
    underWay++
    return place
  }
  const leave = (addressId: string, place: Place): void => {
    const before = lastAlive(place.before)
    underWay--
    place.isOver = true
    place.before = before
    // the next one begins in a turn of its own, and not within this one: a line may be long
    Deferred.doneUnsafe(place.done, before === undefined ? Effect.yieldNow : Deferred.await(before.done))
    if (last.get(addressId) !== place) return
    if (before === undefined) last.delete(addressId)
    else last.set(addressId, before)
  }

  const deliver = (
    message: Letter,
    place: Place,
    clock: Clock.Clock
  ): Effect.Effect<SendReceipt, ConversationError> => {
    const { clientId } = message
    const { before } = place
    const unstored = ConversationError.ofSend(method, "no")
    // made when needed: an error is the dearest thing that a send can make
    const timeout = () => new Reason.Timeout({ millis: options.deadlineMillis })
    const tooLate = Effect.suspend(() => Effect.fail(unsent(message, timeout())))
    const deadline = Monotonic.millisOf(clock) + options.deadlineMillis
    const atItsTurn = Effect.suspend(() => {
      if (Monotonic.millisOf(clock) >= deadline) return tooLate
      return Effect.mapError(delivery.deliver(message, deadline), (error) => {
        switch (error._tag) {
          case "Open":
            return unconfirmed(clientId, error.cause ?? timeout())
          case "Late":
            return unstored(error.last ?? { reason: timeout() })
          case "SignalWireHttpError":
            return unstored(error)
        }
      })
    })
    return before === undefined
      ? atItsTurn
      : Effect.andThen(Timeouts.timeoutAt(Deferred.await(before.done), [{ at: deadline, other: tooLate }]), atItsTurn)
  }

  return {
    send: (message) =>
      Effect.clockWith((clock) => {
        if (underWay >= options.capacity) {
          return Effect.fail(unsent(message, new Reason.Overloaded({ limit: options.capacity })))
        }
        return Effect.acquireUseRelease(
          Effect.sync(() => join(message.addressId)),
          (place) => deliver(message, place, clock),
          (place) => Effect.sync(() => leave(message.addressId, place))
        )
      })
  }
}
