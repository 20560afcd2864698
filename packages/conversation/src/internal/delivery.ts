/**
 * Delivering one message once. A request whose answer is lost may or may not have stored it, so before anything is sent
 * again it is looked for: among what was heard, then in the conversation's history. An answer that takes long is not
 * waited for where the message is seen to be stored.
 */
import type { SendOptions, SendReceipt, Service as SignalWireHttp } from "@effect-signalwire/http/SignalWireHttp"
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Backoff from "@effect-signalwire/schema/Backoff"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Deadline from "@effect-signalwire/schema/Deadline"
import type { ClientId } from "@effect-signalwire/schema/Ids"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Echoes from "./echoes.ts"
import * as History from "./history.ts"

export interface Options {
  /** How far the server's clock may be off, when history is searched for a message sent since a given time. Seconds. */
  readonly clockSkewSeconds: number
  /** How long before the newest message another may become visible. Seconds. */
  readonly overlapSeconds: number
  /** The most messages of history to search. */
  readonly searchLimit: number
  /**
   * How long a request whose outcome is open may still be on its way to being stored: so long its message is looked for
   * before it is sent again, and four times as long after a timeout, when nothing says that the server has let go of it.
   */
  readonly settleMillis: number
}

export interface Letter extends SendOptions {
  readonly clientId: ClientId
  /** Since when the message may have been sent. Unix seconds. */
  readonly sinceSeconds: number
  /**
   * When it may have been sent before, how long that may still be on its way, in milliseconds: it is looked for first, for
   * so long. `null` when it was not.
   */
  readonly lookFirst: number | null
}

/**
 * It is not known whether the message was stored, and that could not be found out: `settled` says whether it ever can
 * be, for a server that echoes no client ids never tells.
 */
export class Open extends Data.TaggedError("Open")<{
  readonly settled: boolean
  /** How long it may still be on its way to being stored. */
  readonly underWayMillis: number
  readonly cause: unknown
}> {}

/** When it is given up: whether the message was stored is open then. */
export type Limit = Deadline.Alarm<never, Open>

export interface Delivery {
  /**
   * Delivers a message, or says why not; every failure but `Open` says that it was not stored. `limits` end it early.
   */
  readonly deliver: (
    letter: Letter,
    limits?: ReadonlyArray<Limit>
  ) => Effect.Effect<SendReceipt, SignalWireHttpError | Open>
}

/** What is known of a message. */
type Verdict =
  | { readonly _tag: "Stored"; readonly receipt: SendReceipt }
  | { readonly _tag: "Absent" }
  /** Something with its text is there without any client id: the server loses them, or somebody else wrote it. */
  | { readonly _tag: "Nameless" }
  /** It was not found in as much of history as is searched, and there is more. */
  | { readonly _tag: "OutOfSight" }

const verdicts = Data.taggedEnum<Verdict>()

const unseen: Verdict = { _tag: "Absent" }

/** How long a message that was heard waits for its request's answer. Milliseconds. */
const answerGrace = 1000

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

const judge = ({ end, messages }: History.Stretch, clientId: ClientId, text: string): Verdict => {
  const found = messages.find((message) => message.clientId === clientId)
  if (found !== undefined) {
    return { _tag: "Stored", receipt: { conversationId: found.conversationId, groupId: found.groupId } }
  }
  const mayBeIt = (message: ConversationMessage) => message.clientId === null && message.text === text
  if (messages.some(mayBeIt)) return { _tag: "Nameless" }
  return { _tag: end === "limit" ? "OutOfSight" : "Absent" }
}

/** Between one look and the next, for as long as the message may still turn up. */
const looks = (millis: number) => Schedule.upTo(Backoff.capped("250 millis", "5 seconds"), { duration: millis })

/** About three quarters of a minute in all. */
const backoff = Schedule.upTo(Backoff.capped("500 millis", "10 seconds"), { times: 8 })

/** Between one attempt and the next; a server that asks for more time gets it. */
const attempts = backoff.pipe(
  Schedule.setInputType<SignalWireHttpError | Open>(),
  Schedule.modifyDelay(({ duration, input }) =>
    Effect.succeed(
      input._tag !== "Open" && input.reason._tag === "RateLimited" && input.reason.retryAfterMillis !== null
        ? Duration.max(duration, Duration.millis(input.reason.retryAfterMillis))
        : duration
    )
  )
)

export const make = (http: SignalWireHttp, echoes: Echoes.Echoes, options: Options): Delivery => {
  /** Some servers keep `details` and not `metadata`: once one lost the id, it goes into both. */
  let clientIdIn: "metadata" | "both" = "metadata"

  const patience = ({ reason }: SignalWireHttpError): number =>
    reason._tag === "Timeout" ? 4 * options.settleMillis : options.settleMillis

  const deliverAs = (
    { lookFirst, sinceSeconds, ...message }: Letter,
    echo: Echoes.Echo,
    limits: ReadonlyArray<Limit>
  ): Effect.Effect<SendReceipt, SignalWireHttpError | Open> => {
    const { addressId, clientId, text } = message

    /** Where the next look may stop: what stands before was looked at. Unix seconds. */
    let lookedTo = sinceSeconds - options.clockSkewSeconds
    const search = (epochSeconds: number) =>
      History.readBack(
        http.getConversationMessages({ addressId, pageSize: 100 }),
        epochSeconds,
        options.searchLimit,
        (message) => message.clientId === clientId
      )
    const look = Effect.suspend((): Effect.Effect<Verdict, SignalWireHttpError> =>
      Deferred.isDoneUnsafe(echo)
        ? Effect.map(Deferred.await(echo), (receipt) => ({ _tag: "Stored", receipt }))
        : Effect.map(search(lookedTo), (stretch) => {
          const [newest] = stretch.messages
          if (stretch.end === "reached" && newest !== undefined) {
            lookedTo = Math.max(lookedTo, newest.epochSeconds - options.overlapSeconds)
          }
          return judge(stretch, clientId, text)
        })
    )

    /** Completes when the message is seen to be stored although its request is still without an answer. */
    const witness = Effect.suspend(() =>
      Effect.raceFirst(
        // the answer is most often right behind
        Effect.tap(Deferred.await(echo), Effect.sleep(answerGrace)),
        look.pipe(
          Effect.orElseSucceed(() => unseen),
          Effect.delay(options.settleMillis),
          Effect.repeat({ until: (verdict) => verdict._tag === "Stored" }),
          Effect.map(({ receipt }) => receipt)
        )
      )
    )

    /** What an open outcome comes to: a receipt, or the go-ahead (`absent`) to send. */
    const settle = <A, E>(cause: unknown, millis: number, absent: Effect.Effect<A, E>) => {
      const unclear = Effect.fail(new Open({ settled: true, underWayMillis: millis, cause }))
      return look.pipe(
        Effect.repeat({ schedule: looks(millis), until: (verdict) => verdict._tag !== "Absent" }),
        Effect.retry({ schedule: backoff, while: (error) => error.isRetryable }),
        Effect.mapError((unreadable) => new Open({ settled: false, underWayMillis: millis, cause: unreadable })),
        Effect.flatMap(verdicts.$match({
          Stored: ({ receipt }): Effect.Effect<SendReceipt | A, Open | E> => Effect.succeed(receipt),
          Absent: (): Effect.Effect<SendReceipt | A, Open | E> => absent,
          Nameless: (): Effect.Effect<SendReceipt | A, Open | E> => {
            clientIdIn = "both"
            return unclear
          },
          OutOfSight: (): Effect.Effect<SendReceipt | A, Open | E> => unclear
        }))
      )
    }

    /** Once, with nothing around it that it does not need. */
    const attempt = (within: ReadonlyArray<Limit>) =>
      Effect.clockWith((clock) =>
        Deadline.orAt(http.sendMessage({ ...message, clientIdIn }), [
          // it is not looked out for at first: hardly any answer takes so long, and whoever looks out has to be called off
          Deadline.alarm(clock, answerGrace, witness),
          ...within
        ])
      )
    const settled = <A>(post: Effect.Effect<A, SignalWireHttpError | Open>) =>
      Effect.catch(
        post,
        (error) =>
          error._tag === "SignalWireHttpError" && isOpen(error)
            ? settle(error, patience(error), Effect.fail(error))
            : Effect.fail(error)
      )
    /** Goes on after the first attempt failed: only what fails pays for a schedule. */
    const again = (first: SignalWireHttpError) => {
      // the schedule is told of the failure that there was already
      let failure: SignalWireHttpError | undefined = first
      return Effect.retry(
        Effect.suspend(() => {
          const known = failure
          failure = undefined
          return settled(known === undefined ? attempt([]) : Effect.fail(known))
        }),
        {
          schedule: attempts,
          while: (error) =>
            error._tag === "SignalWireHttpError" && (isOpen(error) || error.reason._tag === "RateLimited")
        }
      )
    }
    const send = Effect.catch(
      attempt(limits),
      (error) => error._tag === "SignalWireHttpError" ? Deadline.orAt(again(error), limits) : Effect.fail(error)
    )
    return lookFirst === null ? send : settle(undefined, lookFirst, send)
  }

  return {
    deliver: (letter, limits = []) => echoes.during(letter.clientId, (echo) => deliverAs(letter, echo, limits))
  }
}
