/**
 * Delivering one message once. A request whose answer is lost may or may not have stored it, so before anything is sent
 * again it is looked for: among what was received, then in the conversation's history. An answer that takes long is not
 * waited for where the message is seen to be stored.
 *
 * How far back history is searched is reckoned from the server's times alone: a message that was sent so long ago, by the
 * monotonic clock, can't be older than the newest one by more than that.
 */
import { once } from "@effect-signalwire/http/Attempts"
import * as Posting from "@effect-signalwire/http/Posting"
import type { SendOptions, SendReceipt, Service as SignalWireHttp } from "@effect-signalwire/http/SignalWireHttp"
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as Timeouts from "@effect-signalwire/runtime/Timeouts"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { ClientId } from "@effect-signalwire/schema/Ids"
import { mayHeal } from "@effect-signalwire/schema/Reason"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Result from "effect/Result"
import type * as Echoes from "./echoes.ts"
import { askedMillis, Failures, type Healing } from "./healing.ts"
import * as History from "./history.ts"

export interface Options {
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

/** Of a message that may have been sent before it is delivered here. */
export interface Earlier {
  /** Whether it is known that it was; otherwise somebody may have done so elsewhere. */
  readonly wasSent: boolean
  /** How long it may still be on its way: so long it is looked for first. Milliseconds. */
  readonly underWayMillis: number
  /** When it was first sent, by the monotonic clock; `null` where that is not known. */
  readonly sentAt: number | null
  /** It is no older than this, by the server's clock; `null` where that is not known. Unix seconds. */
  readonly sinceSeconds: number | null
  /** How many messages of history to search for it. @default the limit of every search */
  readonly searchLimit?: number
}

export interface Letter extends SendOptions {
  readonly clientId: ClientId
  /** What is known of earlier sends of it; `null` when there were none. */
  readonly earlier: Earlier | null
  /** Called with the time when it is first sent, milliseconds of the monotonic clock. */
  readonly onSend?: (at: number) => void
}

/**
 * It is not known whether the message was stored, and that could not be found out. `historyRefused` says that the server
 * refuses its history for a reason that waiting does not change, such as a 403; otherwise history was read and does not
 * tell, as where a server keeps no client ids, or time was up.
 */
export class Open extends Data.TaggedError("Open")<{
  readonly historyRefused: boolean
  /** How long it may still be on its way to being stored. */
  readonly underWayMillis: number
  readonly cause: unknown
}> {}

/** It was not stored by the deadline; `last` is why the last try failed, where there was one. */
export class Late extends Data.TaggedError("Late")<{ readonly last: SignalWireHttpError | undefined }> {}

export interface Delivery {
  /**
   * Delivers a message, or says why not; every failure but `Open` says that it was not stored. As long as what keeps it
   * from being sent may heal, it tries again, until `deadline`, milliseconds of the monotonic clock.
   */
  readonly deliver: (
    letter: Letter,
    deadline?: number
  ) => Effect.Effect<SendReceipt, SignalWireHttpError | Open | Late>
}

/** What is known of a message. */
type Verdict =
  | { readonly _tag: "Stored"; readonly receipt: SendReceipt }
  | { readonly _tag: "Absent" }
  /** Something with its text is there without any client id: the server loses them, or somebody else wrote it. */
  | { readonly _tag: "Nameless" }
  /** It was not found in as much of history as is searched, and there is more. */
  | { readonly _tag: "OutOfSight" }

const unseen: Verdict = { _tag: "Absent" }

/** How long a message that was received waits for its request's answer. Milliseconds. */
const answerGrace = 1000

/** A connection that breaks so soon was most likely dead before; what was sent on it is then not looked for as long. */
const soonMillis = 1000

/** The longest pause between two tries. Milliseconds. */
const capMillis = 10_000

/** How often a server may answer that it failed, before that counts as its last word. */
const maxServerErrors = 8

/** No further try begins so shortly before the deadline: it would leave open what was certain. Milliseconds. */
const leastMillis = 250

/** What a failure says of the message. */
type Outcome =
  /** It was not stored, and may be sent again. */
  | "unsent"
  /** It may have been stored. */
  | "unknown"
  /** It was not stored, and will not be. */
  | "refused"

const outcomeOf = ({ reason }: SignalWireHttpError, { isUnderWay }: Posting.Posting): Outcome => {
  switch (reason._tag) {
    case "RateLimited":
      return "unsent"
    case "Transport":
      return isUnderWay && reason.sent === "unknown" ? "unknown" : "unsent"
    case "Timeout":
    case "ServerError":
    case "Malformed":
      return isUnderWay ? "unknown" : "unsent"
    default:
      return "refused"
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

/** The first pause between two looks, and the longest. Milliseconds. */
const firstPause = 250
const longestPause = 5000

type Around = (
  effect: Effect.Effect<SendReceipt, SignalWireHttpError | Open | Late>
) => Effect.Effect<SendReceipt, SignalWireHttpError | Open | Late>

/** What becomes of one message. */
class Delivering {
  private readonly http: SignalWireHttp
  private readonly healing: Healing
  private readonly options: Options
  private readonly letter: Letter
  private readonly echo: Echoes.Echo
  private readonly deadline: number
  /** Some servers keep `details` and not `metadata`: once one lost the id, it goes into both. */
  private readonly loses: { clientId: boolean }
  /** When it was first sent here, by the monotonic clock. */
  private firstSentAt: number | undefined
  /** Where the next look may stop: what stands before was looked at. Unix seconds. */
  private lookedTo = Number.NEGATIVE_INFINITY
  /** Why it is not known whether it was stored; `undefined` while it surely was not. */
  private open: { readonly cause: unknown; readonly millis: number } | undefined
  /** Why the last try failed. */
  private last: SignalWireHttpError | undefined
  /** How often the server answered that it failed. */
  private serverErrors = 0
  /** The request that runs, or ran last. */
  private posting: Posting.Posting = { isUnderWay: false }

  constructor(
    http: SignalWireHttp,
    healing: Healing,
    options: Options,
    letter: Letter,
    echo: Echoes.Echo,
    deadline: number,
    loses: { clientId: boolean }
  ) {
    this.http = http
    this.healing = healing
    this.options = options
    this.letter = letter
    this.echo = echo
    this.deadline = deadline
    this.loses = loses
  }

  /** What is known when time is up. */
  private readonly atDeadline: Effect.Effect<never, Open | Late> = Effect.suspend((): Effect.Effect<
    never,
    Open | Late
  > => {
    const { last, open, options, posting } = this
    if (posting.isUnderWay) {
      return Effect.fail(new Open({ historyRefused: false, underWayMillis: 4 * options.settleMillis, cause: last }))
    }
    return open === undefined
      ? Effect.fail(new Late({ last }))
      : Effect.fail(new Open({ historyRefused: false, underWayMillis: open.millis, cause: open.cause }))
  })

  private get limits(): ReadonlyArray<Timeouts.Timeout<never, Open | Late>> {
    return Number.isFinite(this.deadline) ? [{ at: this.deadline, other: this.atDeadline }] : []
  }

  /** Keeps to the deadline. */
  private inTime<A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | Open | Late> {
    return this.limits.length === 0 ? effect : Timeouts.timeoutAt(effect, this.limits)
  }

  get run(): Effect.Effect<SendReceipt, SignalWireHttpError | Open | Late> {
    const { earlier } = this.letter
    // nearly always the first try is the only one: it shares its fiber with the limit
    if (earlier === null) return this.send(0, this.limits, (effect) => this.inTime(effect))
    if (earlier.wasSent) this.open = { cause: undefined, millis: earlier.underWayMillis }
    return this.inTime(
      this.settle({ cause: undefined, millis: earlier.underWayMillis }, Effect.suspend(() => this.send(0)))
    )
  }

  /** Sends it, again and again as long as that may help. */
  private send(
    attempt: number,
    limits: ReadonlyArray<Timeouts.Timeout<never, Open | Late>> = [],
    around: Around = identity
  ): Effect.Effect<SendReceipt, SignalWireHttpError | Open | Late> {
    return Effect.flatMap(Monotonic.millis, (began) => {
      if (attempt > 0 && began + leastMillis >= this.deadline) return this.atDeadline
      if (this.firstSentAt === undefined) {
        this.firstSentAt = began
        this.letter.onSend?.(began)
      }
      return Effect.catch(
        this.attempt(limits),
        (error) =>
          error._tag === "SignalWireHttpError" ? around(this.afterFailure(error, attempt, began)) : Effect.fail(error)
      )
    })
  }

  private afterFailure(
    error: SignalWireHttpError,
    attempt: number,
    began: number
  ): Effect.Effect<SendReceipt, SignalWireHttpError | Open | Late> {
    return Effect.flatMap(Monotonic.millis, (now) => {
      const tookMillis = now - began
      const outcome = outcomeOf(error, this.posting)
      this.last = error
      this.posting = { isUnderWay: false }
      if (outcome === "refused") return Effect.fail(error)
      if (outcome === "unsent") return this.again(error, attempt, began)
      this.open = { cause: error, millis: this.settleMillis(error, tookMillis) }
      if (error.reason._tag === "ServerError") this.serverErrors++
      const isLastWord = error.reason._tag === "ServerError" && this.serverErrors > maxServerErrors
      return this.settle(this.open, isLastWord ? Effect.fail(error) : this.again(error, attempt, began))
    })
  }

  private again(
    { reason }: SignalWireHttpError,
    attempt: number,
    began: number
  ): Effect.Effect<SendReceipt, SignalWireHttpError | Open | Late> {
    return Effect.flatMap(Monotonic.millis, (now) =>
      // a server that asks for more time than there is left has answered for good
      now + askedMillis(reason) >= this.deadline
        ? this.atDeadline
        : Effect.andThen(
          this.healing.pause(reason, { attempt, tookMillis: now - began, capMillis }),
          this.send(attempt + 1)
        ))
  }

  private settleMillis({ reason }: SignalWireHttpError, tookMillis: number): number {
    const { settleMillis } = this.options
    if (reason._tag === "Timeout") return 4 * settleMillis
    return reason._tag === "Transport" && tookMillis < soonMillis ? Math.min(settleMillis, soonMillis) : settleMillis
  }

  /** How far back the message can be, given the newest there is. Unix seconds. */
  private earliest(newestSeconds: number, now: number): number {
    const { overlapSeconds } = this.options
    const since = this.letter.earlier?.sinceSeconds ?? null
    if (since !== null) return Math.max(since - overlapSeconds, this.lookedTo)
    const sentAt = this.letter.earlier === null ? this.firstSentAt ?? now : this.letter.earlier.sentAt
    return sentAt === null
      ? this.lookedTo
      : Math.max(newestSeconds - (now - sentAt) / 1000 - overlapSeconds, this.lookedTo)
  }

  private get look(): Effect.Effect<Verdict, SignalWireHttpError> {
    return Effect.suspend((): Effect.Effect<Verdict, SignalWireHttpError> => {
      const { addressId, clientId, earlier, text } = this.letter
      if (Deferred.isDoneUnsafe(this.echo)) {
        return Effect.map(Deferred.await(this.echo), (receipt) => ({ _tag: "Stored", receipt }))
      }
      return Effect.map(
        Effect.flatMap(Monotonic.millis, (now) =>
          History.readBack(
            this.http.getConversationMessages({ addressId, pageSize: 100 }),
            (newestSeconds) => this.earliest(newestSeconds, now),
            earlier?.searchLimit ?? this.options.searchLimit,
            (message) => message.clientId === clientId
          )),
        (stretch) => {
          const [newest] = stretch.messages
          if (stretch.end === "reached" && newest !== undefined) {
            this.lookedTo = Math.max(this.lookedTo, newest.epochSeconds - this.options.overlapSeconds)
          }
          return judge(stretch, clientId, text)
        }
      )
    })
  }

  /** Looks, as long as history may be readable again. */
  private get lookUntilReadable(): Effect.Effect<Verdict, Open> {
    return Effect.gen({ self: this }, function*() {
      const failures = new Failures()
      while (true) {
        const began = yield* Monotonic.millis
        const result = yield* Effect.result(once(this.look))
        if (Result.isSuccess(result)) return result.success
        const { reason } = result.failure
        const underWayMillis = this.open?.millis ?? 0
        if (!mayHeal(reason)) {
          return yield* new Open({ historyRefused: true, underWayMillis, cause: result.failure })
        }
        const tookMillis = (yield* Monotonic.millis) - began
        yield* this.healing.pause(reason, { attempt: failures.next(reason), tookMillis, capMillis })
      }
    })
  }

  /** Looks again and again, for as long as the message may still turn up; at the end of that once more. */
  private lookFor(millis: number): Effect.Effect<Verdict, Open> {
    return Effect.gen({ self: this }, function*() {
      const until = (yield* Monotonic.millis) + millis
      for (let pause = firstPause;; pause = Math.min(pause * 2, longestPause)) {
        const verdict = yield* this.lookUntilReadable
        const left = until - (yield* Monotonic.millis)
        if (verdict._tag !== "Absent" || left <= 0) return verdict
        yield* Effect.sleep(Math.ceil(Math.min(pause, left)))
      }
    })
  }

  /** What an open outcome comes to: a receipt, or the go-ahead (`absent`) to do something else. */
  private settle<E>(
    { cause, millis }: { readonly cause: unknown; readonly millis: number },
    absent: Effect.Effect<SendReceipt, E>
  ): Effect.Effect<SendReceipt, E | Open> {
    const isFirst = this.firstSentAt === undefined && this.letter.earlier?.wasSent === false
    return Effect.flatMap(
      this.lookFor(millis),
      (verdict): Effect.Effect<SendReceipt, E | Open> => {
        if (verdict._tag === "Stored") return Effect.succeed(verdict.receipt)
        // one that nobody is known to have sent need not be there
        if (verdict._tag === "Absent" || isFirst) {
          this.open = undefined
          return absent
        }
        if (verdict._tag === "Nameless") this.loses.clientId = true
        return Effect.fail(new Open({ historyRefused: false, underWayMillis: millis, cause }))
      }
    )
  }

  /** Completes when the message is seen to be stored although its request is still without an answer. */
  private get witness(): Effect.Effect<SendReceipt> {
    return Effect.raceFirst(
      // the answer is most often right behind
      Effect.tap(Deferred.await(this.echo), Effect.sleep(answerGrace)),
      this.look.pipe(
        Effect.orElseSucceed(() => unseen),
        Effect.delay(this.options.settleMillis),
        Effect.repeat({ until: (verdict) => verdict._tag === "Stored" }),
        Effect.map(({ receipt }) => receipt)
      )
    )
  }

  /** Once, with nothing around it that it does not need. */
  private attempt(
    limits: ReadonlyArray<Timeouts.Timeout<never, Open | Late>>
  ): Effect.Effect<SendReceipt, SignalWireHttpError | Open | Late> {
    const { earlier: _, onSend: __, ...message } = this.letter
    return Effect.clockWith((clock) => {
      const posting = this.posting = Posting.make()
      return Timeouts.timeoutAt(
        Effect.provideService(
          this.http.sendMessage({ ...message, clientIdIn: this.loses.clientId ? "both" : "metadata" }),
          Posting.Posting,
          posting
        ),
        [
          // it is not looked out for at first: hardly any answer takes so long, and whoever looks out has to be called off
          Timeouts.after(clock, answerGrace, Effect.suspend(() => this.witness)),
          ...limits
        ]
      )
    })
  }
}

export const make = (http: SignalWireHttp, healing: Healing, echoes: Echoes.Echoes, options: Options): Delivery => {
  const loses = { clientId: false }
  return {
    deliver: (letter, deadline = Number.POSITIVE_INFINITY) =>
      echoes.during(letter.clientId, (echo) => {
        return new Delivering(http, healing, options, letter, echo, deadline, loses).run
      })
  }
}
