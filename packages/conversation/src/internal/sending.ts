/** Sending: each conversation's messages one after the other, with a deadline and a bound on how many may wait. */
import type { SendOptions, SendReceipt } from "@effect-signalwire/http/SignalWireHttp"
import * as Deadline from "@effect-signalwire/schema/Deadline"
import type { ClientId } from "@effect-signalwire/schema/Ids"
import * as Reason from "@effect-signalwire/schema/Reason"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import { ConversationError } from "../ConversationError.ts"
import type { Delivery } from "./delivery.ts"

export interface Options {
  /** How long a send may take, the wait for its turn included. Milliseconds. */
  readonly deadlineMillis: number
  /** How many sends may wait or be under way at once. */
  readonly capacity: number
}

export interface Letter extends SendOptions {
  readonly clientId: ClientId
}

export interface Sending {
  readonly send: (letter: Letter) => Effect.Effect<SendReceipt, ConversationError>
}

const method = "sendMessage"

/** Whose messages go one after the other, and how many of them there are. */
interface Line {
  readonly turn: Semaphore.Semaphore
  length: number
}

export const make = (delivery: Delivery, options: Options): Sending => {
  const lines = new Map<string, Line>()
  let underWay = 0

  const join = (addressId: string): Line => {
    const line = lines.get(addressId) ?? { turn: Semaphore.makeUnsafe(1), length: 0 }
    lines.set(addressId, line)
    line.length++
    underWay++
    return line
  }
  const leave = (addressId: string, line: Line): void => {
    underWay--
    line.length--
    if (line.length === 0) lines.delete(addressId)
  }

  const deliver = (message: Letter, line: Line, clock: Clock.Clock): Effect.Effect<SendReceipt, ConversationError> => {
    const { clientId } = message
    const unconfirmed = (cause: unknown) =>
      new ConversationError({ method, reason: new Reason.Unconfirmed({ clientId }), cause })
    // made when needed: an error is the dearest thing that a send can make
    const timeout = () => new Reason.Timeout({ millis: options.deadlineMillis })
    const tooLate = () => new ConversationError({ method, reason: timeout() })
    const deadline = clock.currentTimeMillisUnsafe() + options.deadlineMillis
    let begun = false
    const atItsTurn = Effect.suspend(() => {
      const now = clock.currentTimeMillisUnsafe()
      if (now >= deadline) return Effect.fail(tooLate())
      begun = true
      return Effect.mapError(
        delivery.deliver({ ...message, sinceSeconds: now / 1000, lookFirst: null }),
        (error) => error._tag === "Open" ? unconfirmed(error.cause) : ConversationError.from(method)(error)
      )
    })
    return Deadline.orAfter(
      line.turn.withPermits(1)(atItsTurn),
      options.deadlineMillis,
      Effect.suspend(() => Effect.fail(begun ? unconfirmed(timeout()) : tooLate()))
    )
  }

  return {
    send: (message) =>
      Effect.clockWith((clock) => {
        if (underWay >= options.capacity) {
          return Effect.fail(
            new ConversationError({ method, reason: new Reason.Overloaded({ limit: options.capacity }) })
          )
        }
        const line = join(message.addressId)
        return Effect.ensuring(deliver(message, line, clock), Effect.sync(() => leave(message.addressId, line)))
      })
  }
}
