/** Sends the messages of each conversation one after the other, with a deadline and a limit on how many may wait. */
import type { SendReceipt } from "@effect-signalwire/http/SignalWireHttp"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import type { ClientId } from "@effect-signalwire/schema/Ids"
import * as Reason from "@effect-signalwire/schema/Reason"
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { ConversationError } from "../ConversationError.ts"
import type { Delivery } from "./delivery.ts"
import type { OutgoingMessage } from "./outgoingMessage.ts"

export interface Options {
  /** How long a send may take, including the wait for its turn. Milliseconds. */
  readonly deadlineMillis: number
  /** How many sends may wait or be in progress at once, over all conversations. */
  readonly capacity: number
}

export interface SendQueue {
  /** Sends a message after those that were queued for its conversation before. */
  readonly send: (message: OutgoingMessage) => Effect.Effect<SendReceipt, ConversationError>
}

const method = "sendMessage"

const unconfirmed = (clientId: ClientId, cause: unknown) =>
  new ConversationError({ method, reason: new Reason.Unconfirmed({ clientId }), stored: "unknown", cause })

/** The failure of a message that is not sent this time; it may have been sent before. */
const notSent = ({ clientId, prior }: OutgoingMessage, reason: Reason.Reason) =>
  prior?.isKnownSent === true
    ? unconfirmed(clientId, reason)
    : new ConversationError({ method, reason, stored: "no" })

/** A message in the queue of its conversation. */
interface QueueEntry {
  /** Completes when the message and all before it are done. */
  readonly done: Deferred.Deferred<void>
  /** The entry before this one; it may be done already. */
  previous: QueueEntry | undefined
  isDone: boolean
}

/** The last entry that is not done, from an entry backwards: a send may give up while others before it are waiting. */
const lastPending = (entry: QueueEntry | undefined): QueueEntry | undefined => {
  let pending = entry
  while (pending?.isDone === true) pending = pending.previous
  return pending
}

export const make = (delivery: Delivery, options: Options): SendQueue => {
  /** The last entry of each conversation's queue. */
  const tails = new Map<string, QueueEntry>()
  let size = 0

  const enqueue = (addressId: string): QueueEntry => {
    const entry: QueueEntry = { done: Deferred.makeUnsafe(), previous: tails.get(addressId), isDone: false }
    tails.set(addressId, entry)
    size++
    return entry
  }
  const dequeue = (addressId: string, entry: QueueEntry): void => {
    const previous = lastPending(entry.previous)
    size--
    entry.isDone = true
    entry.previous = previous
    // the yield keeps the stack flat when each of many queued sends completes at once
    Deferred.doneUnsafe(entry.done, previous === undefined ? Effect.yieldNow : Deferred.await(previous.done))
    if (tails.get(addressId) !== entry) return
    if (previous === undefined) tails.delete(addressId)
    else tails.set(addressId, previous)
  }

  const deliver = (
    message: OutgoingMessage,
    { previous }: QueueEntry,
    clock: Clock.Clock
  ): Effect.Effect<SendReceipt, ConversationError> => {
    const { deadlineMillis } = options
    const notStored = ConversationError.fromSend(method, "no")
    // errors are made only when needed: they cost more than all else in a send
    const timeout = () => new Reason.Timeout({ millis: deadlineMillis })
    const tooLate = Effect.suspend(() => Effect.fail(notSent(message, timeout())))
    const deadline = Monotonic.millisOf(clock) + deadlineMillis
    const inTurn = Effect.suspend(() => {
      if (Monotonic.millisOf(clock) >= deadline) return tooLate
      return Effect.mapError(delivery.deliver(message, deadline), (error) => {
        switch (error._tag) {
          case "OutcomeUnknown":
            return unconfirmed(message.clientId, error.cause ?? timeout())
          case "DeadlineExceeded":
            return notStored(error.last ?? { reason: timeout() })
          case "SignalWireHttpError":
            return notStored(error)
        }
      })
    })
    if (previous === undefined) return inTurn
    const turn = Effect.timeoutOrElse(Deferred.await(previous.done), {
      duration: deadlineMillis,
      orElse: () => tooLate
    })
    return Effect.andThen(turn, inTurn)
  }

  return {
    send: (message) =>
      Effect.clockWith((clock) => {
        if (size >= options.capacity) {
          return Effect.fail(notSent(message, new Reason.Overloaded({ limit: options.capacity })))
        }
        return Effect.acquireUseRelease(
          Effect.sync(() => enqueue(message.addressId)),
          (entry) => deliver(message, entry, clock),
          (entry) => Effect.sync(() => dequeue(message.addressId, entry))
        )
      })
  }
}
