/** A server of one conversation in memory, whose responses the test decides, and a session that pushes what it says. */
import * as SendAttempt from "@effect-signalwire/http/SendAttempt"
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as Streams from "@effect-signalwire/runtime/Streams"
import * as Branded from "@effect-signalwire/schema/Branded"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type * as Reason from "@effect-signalwire/schema/Reason"
import { idle } from "@effect-signalwire/subscription/ConnectionState"
import type { Signal } from "@effect-signalwire/subscription/Signal"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { Messages } from "./support.ts"
import { message, page } from "./support.ts"

/** What becomes of a request to send a message. */
export interface Outcome {
  /** How many seconds later the message is stored; `never` when it is not. @default 0 */
  readonly storedAfter?: number | "never"
  /** Why the request fails; a `Timeout` only after its time. `no response` when it never ends. @default it succeeds */
  readonly failure?: Reason.Reason | "no response"
  /** How long the response takes, milliseconds. @default 0; its time for a `Timeout` */
  readonly takesMillis?: number
  /** What the HTTP client says of its request, see `SendAttempt`. @default true */
  readonly mayBeStored?: boolean
}

/** A request to send a message, as the server received it. */
export interface Request {
  readonly clientIdIn: SignalWireHttp.SendOptions["clientIdIn"]
  /** When it came, by the test clock in milliseconds. */
  readonly at: number
}

export interface Options {
  /** The outcome of the n-th request to send a message, from 0 on. @default it succeeds */
  readonly onSend?: (request: number) => Outcome
  /** Why the n-th read of a page of history fails, from 0 on. @default it succeeds */
  readonly onRead?: (read: number) => Reason.Reason | undefined
}

/** The time of the server when the test clock is at zero. Unix seconds. */
export const startSeconds = 1_735_790_400

export const addressId = "room"
export const receipt: SignalWireHttp.SendReceipt = { conversationId: Branded.conversationId("c"), groupId: null }

const pageSize = 100

/** Messages of other clients, the oldest first: one for each step of a range of times, in seconds after the start. */
export const others = (count: number, from: number, to: number): ReadonlyArray<ConversationMessage> =>
  Array.from(
    { length: count },
    (_, index) => message(`other ${from} ${index}`, startSeconds + from + (to - from) * (index / (count - 1)))
  )

export const makeServer = ({ onRead = () => undefined, onSend = () => ({}) }: Options = {}) => {
  /** All messages, each with the time from which it is visible, by the test clock in milliseconds. */
  const history: Array<{ readonly message: ConversationMessage; readonly visibleAt: number }> = []
  const sent: Array<string> = []
  const requests: Array<Request> = []
  const readAt: Array<number> = []
  const observers = new Set<(signals: ReadonlyArray<Signal>) => void>()

  const fail = (method: string, reason: Reason.Reason) => Effect.fail(new SignalWireHttpError({ method, reason }))
  const read = (from: number): Effect.Effect<Messages<SignalWireHttpError>, SignalWireHttpError> =>
    Effect.flatMap(Monotonic.millis, (now) => {
      const failure = onRead(readAt.length)
      readAt.push(now)
      if (failure !== undefined) return fail("getConversationMessages", failure)
      const newestFirst = history.filter(({ visibleAt }) => visibleAt <= now).map(({ message }) => message)
        .toSorted((a, b) => b.epochSeconds - a.epochSeconds)
      const after = from + pageSize
      return Effect.succeed(
        page(newestFirst.slice(from, after), after < newestFirst.length ? Effect.asSome(read(after)) : undefined)
      )
    })
  const sentMessage = (clientId: string | null, text: string, seconds: number): ConversationMessage =>
    message(`stored ${history.length}`, startSeconds + seconds, {
      clientId: clientId === null ? null : Branded.clientId(clientId),
      text
    })
  /**
   * Stores a message of this client, or of one without client ids, at a time in seconds after the start; the time of the
   * test clock by default.
   */
  const storeSent = (clientId: string | null, text: string, seconds?: number) =>
    Effect.map(
      Monotonic.millis,
      (now) => void history.push({ message: sentMessage(clientId, text, seconds ?? now / 1000), visibleAt: now })
    )
  const sendMessage: SignalWireHttp.Service["sendMessage"] = Effect.fnUntraced(function*(options) {
    const { clientId = "", clientIdIn, text } = options
    const { failure, mayBeStored = true, storedAfter = 0, takesMillis } = onSend(sent.length)
    sent.push(clientId)
    const now = yield* Monotonic.millis
    requests.push({ clientIdIn, at: now })
    const attempt = yield* SendAttempt.SendAttempt
    attempt.mayBeStored = mayBeStored
    if (storedAfter !== "never") {
      const visibleAt = now + storedAfter * 1000
      history.push({ message: sentMessage(clientId, text, visibleAt / 1000), visibleAt })
    }
    if (failure === "no response") return yield* Effect.never
    const millis = takesMillis ?? (failure?._tag === "Timeout" ? failure.millis : 0)
    if (millis > 0) yield* Effect.sleep(millis)
    return failure === undefined ? receipt : yield* fail("sendMessage", failure)
  })

  return {
    /** The client ids of all requests to send a message. */
    sent,
    requests,
    /** When each read of a page of history began, by the test clock in milliseconds. */
    readAt,
    /** How many pages of history were read, or could not be. */
    reads: () => readAt.length,
    /** Stores messages of other clients. */
    store: (messages: ReadonlyArray<ConversationMessage>) =>
      void history.push(...messages.map((message) => ({ message, visibleAt: 0 }))),
    storeSent,
    /** Pushes signals to the client. */
    push: (...signals: ReadonlyArray<Signal>) => observers.forEach((observer) => observer(signals)),
    layer: Layer.merge(
      Layer.mock(SignalWireHttp.SignalWireHttp, {
        addressOf: () => null,
        getConversationMessages: () => read(0),
        sendMessage
      }),
      Layer.mock(Subscription.Subscription, {
        connection: { current: Effect.succeed(idle), changes: Stream.never },
        signals: Streams.fromListen<ReadonlyArray<Signal>>((observer) =>
          Effect.sync(() => void observers.add(observer))
        ),
        awaitWake: Effect.never
      })
    )
  }
}
