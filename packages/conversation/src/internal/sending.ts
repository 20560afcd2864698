/**
 * Sending once. A request whose answer is lost may or may not have stored the message, so before anything is sent again
 * the conversation's history is searched for it.
 */
import type { SendOptions, SendReceipt, Service as SignalWireHttp } from "@effect-signalwire/http/SignalWireHttp"
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import { ClientId } from "@effect-signalwire/schema/Ids"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Uuid from "@effect-signalwire/schema/Uuid"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Match from "effect/Match"
import * as RcMap from "effect/RcMap"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { ConversationError } from "../ConversationError.ts"
import * as History from "./history.ts"

export interface Options {
  /** How long a send may take with all it needs to settle its outcome. Milliseconds. */
  readonly deadlineMillis: number
  /** How far the server's clock may be off, when history is searched for a message sent since a given time. Seconds. */
  readonly clockSkewSeconds: number
  /** The most messages of history to search. */
  readonly searchLimit: number
}

export interface Sending {
  readonly send: (options: SendOptions) => Effect.Effect<SendReceipt, ConversationError>
}

/** What history says of a message. */
type Verdict =
  /** It is there. */
  | { readonly _tag: "Stored"; readonly receipt: SendReceipt }
  /** Nothing like it is there. */
  | { readonly _tag: "Absent" }
  /** Something with its text is there, without any client id: it may be the one, and the server echoes no ids. */
  | { readonly _tag: "Unclear" }

/** Whether a failure leaves open if the message was stored. */
const isOpen = ({ reason }: SignalWireHttpError): boolean => {
  switch (reason._tag) {
    case "Transport":
    case "Timeout":
    case "ServerError":
    case "Malformed":
      return true
    default:
      return false
  }
}

const judge = (messages: ReadonlyArray<ConversationMessage>, clientId: ClientId, text: string): Verdict => {
  const found = messages.find((message) => message.clientId === clientId)
  if (found !== undefined) {
    return { _tag: "Stored", receipt: { conversationId: found.conversationId, groupId: found.groupId } }
  }
  return messages.some((message) => message.clientId === null && message.text === text)
    ? { _tag: "Unclear" }
    : { _tag: "Absent" }
}

/** Between one look at history and the next: a request that timed out may still be on its way. */
const looks = Schedule.exponential("250 millis").pipe(Schedule.jittered, Schedule.upTo({ times: 2 }))

/** Between one attempt and the next; a server that asks for more time gets it. */
const attempts = Schedule.min([Schedule.exponential("500 millis"), Schedule.spaced("10 seconds")]).pipe(
  Schedule.jittered,
  Schedule.upTo({ times: 6 }),
  Schedule.setInputType<SignalWireHttpError | ConversationError>(),
  Schedule.modifyDelay(({ duration, input: { reason } }) =>
    Effect.succeed(
      reason._tag === "RateLimited" && reason.retryAfterMillis !== null
        ? Duration.max(duration, Duration.millis(reason.retryAfterMillis))
        : duration
    )
  )
)

export const make = Effect.fnUntraced(function*(
  http: SignalWireHttp,
  options: Options
): Effect.fn.Return<Sending, never, Scope.Scope> {
  /** One send at a time for each conversation, so that messages are stored in the order they were given. */
  const turns = yield* RcMap.make({ lookup: (_addressId: string) => Semaphore.make(1) })

  const look = (addressId: string, clientId: ClientId, text: string, sinceSeconds: number) =>
    History.readBack(http.getConversationMessages({ addressId, pageSize: 50 }), sinceSeconds, options.searchLimit).pipe(
      Effect.map(({ messages }) => judge(messages, clientId, text)),
      Effect.repeat({ schedule: looks, until: (verdict) => verdict._tag !== "Absent" })
    )

  const unconfirmed = (clientId: ClientId, cause: unknown) =>
    new ConversationError({ method: "sendMessage", reason: new Reason.Unconfirmed({ clientId }), cause })

  const once = Effect.fnUntraced(function*(message: SendOptions, clientId: ClientId) {
    const sinceSeconds = (yield* Clock.currentTimeMillis) / 1000 - options.clockSkewSeconds

    /** What an open outcome comes to: a receipt, or the go-ahead to send again. */
    const settle = Effect.fnUntraced(function*(error: SignalWireHttpError) {
      const verdict = yield* look(message.addressId, clientId, message.text, sinceSeconds).pipe(
        Effect.retry({ schedule: attempts, while: (error) => error.isRetryable }),
        Effect.mapError((error) => unconfirmed(clientId, error))
      )
      return yield* Match.valueTags(verdict, {
        Stored: ({ receipt }) => Effect.succeed(receipt),
        Unclear: () => Effect.fail(unconfirmed(clientId, error)),
        Absent: () => Effect.fail(error)
      })
    })

    return yield* http.sendMessage({ ...message, clientId }).pipe(
      Effect.catchIf(isOpen, settle),
      Effect.retry({
        schedule: attempts,
        while: (error) => error._tag === "SignalWireHttpError" && (isOpen(error) || error.isRetryable)
      }),
      Effect.catchTag("SignalWireHttpError", (error) => Effect.fail(ConversationError.from("sendMessage")(error)))
    )
  })

  return {
    send: Effect.fnUntraced(function*(message) {
      const clientId = message.clientId ?? ClientId.make(yield* Uuid.make)
      const tooLate = new Reason.Timeout({ millis: options.deadlineMillis })
      let begun = false
      const inTurn = Effect.flatMap(
        RcMap.get(turns, message.addressId),
        (turn) =>
          turn.withPermits(1)(Effect.suspend(() => {
            begun = true
            return once(message, clientId)
          }))
      )
      // waiting for a turn is part of it; who never had one has sent nothing
      return yield* Effect.scoped(inTurn).pipe(
        Effect.timeoutOrElse({
          duration: options.deadlineMillis,
          orElse: () =>
            Effect.fail(
              begun
                ? unconfirmed(clientId, tooLate)
                : new ConversationError({ method: "sendMessage", reason: tooLate })
            )
        })
      )
    })
  }
})
