/**
 * Reading history on behalf of sequences. What may heal is tried again until it does; and those who need the same page at
 * the same time share one request for it.
 */
import { once } from "@effect-signalwire/http/Attempts"
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import type { Lifetime } from "@effect-signalwire/runtime/Lifetime"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as SingleFlight from "@effect-signalwire/runtime/SingleFlight"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { Page } from "@effect-signalwire/schema/Page"
import * as Reason from "@effect-signalwire/schema/Reason"
import type { Service as Subscription } from "@effect-signalwire/subscription/Subscription"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { ConversationError } from "../ConversationError.ts"
import { Failures, type Healing } from "./healing.ts"
import type { Monitor } from "./monitor.ts"

type Messages = Page<ConversationMessage, ConversationError>

/** A page, and what is known of when it was read. */
export interface Snapshot {
  readonly page: Messages
  /** How many sessions had been ready before it was asked for: it has what was stored before those began. */
  readonly sessions: number
  /** The moment before which everything is on it. */
  readonly moment: number
}

/** A list of messages, newest first. */
export interface Source {
  /** What it is, for those who read the same. */
  readonly key: string
  /** The method that reads it, for its failures. */
  readonly method: string
  readonly newest: Effect.Effect<Messages, ConversationError>
}

export interface Options {
  readonly subscription: Pick<Subscription, "connection" | "sessions">
  readonly monitor: Monitor
  readonly healing: Healing
  /** With it every read ends, and fails with `Closed`. */
  readonly lifetime: Lifetime
  readonly telemetry: Instrumentation
  /** How often history is read at most while there is no session. Milliseconds. */
  readonly pollMillis: number
}

/** Connected, and unable to read: everything waits for it. Milliseconds. */
const connectedCap = 3600

/**
 * A request that hangs is given up early, so that the next one finds a server that is well again; where several did so,
 * one is given all the time that the transport allows. Milliseconds.
 */
const quick = 4000
const quickInARow = 3

/** Failures are reported once they last, and again so much later. Milliseconds. */
const patience = 5000
const reportInterval = 60_000

export class HistoryReader {
  private readonly options: Options
  private readonly flights = SingleFlight.make<string, Snapshot, ConversationError>()
  private moment = 0
  private reportedAt = Number.NEGATIVE_INFINITY

  constructor(options: Options) {
    this.options = options
  }

  /** A moment that only reads which begin from now on come after. */
  mark(): number {
    return ++this.moment
  }

  /** The moment now: reads that are under way may come after it. */
  get now(): number {
    return this.moment
  }

  /** The newest page, read at this moment or after it. One request serves all who ask meanwhile. */
  newest(source: Source, moment: number): Effect.Effect<Snapshot, ConversationError> {
    const snapshot = Effect.suspend(() => {
      const moment = this.moment
      return Effect.flatMap(
        this.options.subscription.sessions,
        (sessions) => Effect.map(source.newest, (page) => ({ page, sessions, moment }))
      )
    })
    return Effect.flatMap(
      this.flights.run(
        source.key,
        Effect.map(this.untilRead(snapshot, source.method), ({ page, ...read }): Snapshot => ({
          ...read,
          page: this.sharing(page, source.method)
        }))
      ),
      (found) => found.moment >= moment ? Effect.succeed(found) : this.newest(source, moment)
    )
  }

  /** A page whose neighbour is read once for all who ask for it at the same time. */
  private sharing(page: Messages, method: string): Messages {
    if (!page.hasNext) return page
    const flight = SingleFlight.make<"next", Option.Option<Messages>, ConversationError>()
    const next = Effect.map(this.untilRead(page.next, method), Option.map((found) => this.sharing(found, method)))
    return { ...page, next: flight.run("next", next) }
  }

  /** Reads again and again, until it succeeds, fails for what does not heal, or the client is closed. */
  private untilRead<A>(read: Effect.Effect<A, ConversationError>, method: string): Effect.Effect<A, ConversationError> {
    return Effect.suspend(() => {
      const { lifetime, monitor } = this.options
      let isWaiting = false
      const reading = Effect.ensuring(
        this.retrying(read, (reason) => {
          monitor.historyWas(reason)
          // whoever needs what is read is not handed anything newer before
          if (!isWaiting) monitor.catchUp(1)
          isWaiting = true
        }),
        Effect.sync(() => {
          if (isWaiting) monitor.catchUp(-1)
        })
      )
      const closed = Effect.suspend(() => Effect.fail(new ConversationError({ method, reason: new Reason.Closed() })))
      return lifetime.within(reading, closed)
    })
  }

  private retrying<A>(
    read: Effect.Effect<A, ConversationError>,
    onFailure: (reason: Reason.Reason) => void
  ): Effect.Effect<A, ConversationError> {
    return Effect.gen({ self: this }, function*() {
      const { healing, monitor, subscription, telemetry } = this.options
      const since = yield* Monotonic.millis
      let timeouts = 0
      const failures = new Failures()
      while (true) {
        const began = yield* Monotonic.millis
        const result = yield* Effect.result(once(read, timeouts < quickInARow ? quick : undefined))
        if (Result.isSuccess(result)) {
          monitor.historyWas(null)
          return result.success
        }
        const error = result.failure
        const { reason } = error
        if (!Reason.mayHeal(reason)) return yield* error
        const session = yield* subscription.connection
        if (session._tag === "Failed") {
          return yield* new ConversationError({ method: error.method, reason: session.reason })
        }
        if (session._tag === "Connected") yield* this.report(reason, since)
        timeouts = reason._tag === "Timeout" && timeouts < quickInARow ? timeouts + 1 : 0
        onFailure(reason)
        yield* telemetry.debug("history could not be read", [error.message], { "signalwire.method": error.method })
        const tookMillis = (yield* Monotonic.millis) - began
        yield* healing.pause(reason, {
          attempt: failures.next(reason),
          tookMillis,
          capMillis: session._tag === "Connected" ? connectedCap : Math.max(connectedCap, this.options.pollMillis)
        })
      }
    })
  }

  /** Warns of a session that is up and delivers nothing, as history could not be read since then. */
  private report(reason: Reason.Reason, since: number): Effect.Effect<void> {
    return Effect.flatMap(Monotonic.millis, (now) => {
      if (now - since < patience || now - this.reportedAt < reportInterval) return Effect.void
      this.reportedAt = now
      return this.options.telemetry.warn(`messages wait for history, which can't be read (${reason.message})`, [])
    })
  }
}
