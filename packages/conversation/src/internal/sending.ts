/** Sending: each conversation's messages one after the other, with a deadline and a bound on how many may wait. */
import type { SendOptions, SendReceipt } from "@effect-signalwire/http/SignalWireHttp"
import type { ClientId } from "@effect-signalwire/schema/Ids"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as RcMap from "effect/RcMap"
import type * as Scope from "effect/Scope"
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

export const make = Effect.fnUntraced(function*(
  delivery: Delivery,
  options: Options
): Effect.fn.Return<Sending, never, Scope.Scope> {
  const turns = yield* RcMap.make({ lookup: (_addressId: string) => Semaphore.make(1) })
  let underWay = 0

  const send = Effect.fnUntraced(function*(message: Letter) {
    const { clientId } = message
    const unconfirmed = (cause: unknown) =>
      new ConversationError({ method, reason: new Reason.Unconfirmed({ clientId }), cause })
    // made when needed: an error is the dearest thing that a send can make
    const timeout = () => new Reason.Timeout({ millis: options.deadlineMillis })
    const tooLate = () => new ConversationError({ method, reason: timeout() })
    const deadline = (yield* Clock.currentTimeMillis) + options.deadlineMillis
    let begun = false
    const deliver = Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      if (now >= deadline) return yield* tooLate()
      begun = true
      return yield* Effect.mapError(
        delivery.deliver({ ...message, sinceSeconds: now / 1000, lookFirst: null }),
        (error) => error._tag === "Open" ? unconfirmed(error.cause) : ConversationError.from(method)(error)
      )
    })
    const turn = yield* RcMap.get(turns, message.addressId)
    return yield* turn.withPermits(1)(deliver).pipe(
      Effect.timeoutOrElse({
        duration: options.deadlineMillis,
        orElse: () => Effect.fail(begun ? unconfirmed(timeout()) : tooLate())
      })
    )
  }, Effect.scoped)

  return {
    send: (message) =>
      Effect.suspend(() => {
        if (underWay >= options.capacity) {
          return Effect.fail(
            new ConversationError({ method, reason: new Reason.Overloaded({ limit: options.capacity }) })
          )
        }
        underWay++
        return Effect.ensuring(send(message), Effect.sync(() => underWay--))
      })
  }
})
