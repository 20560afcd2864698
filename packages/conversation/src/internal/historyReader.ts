/**
 * Reads history on behalf of subscriptions and timelines. Failures that are recoverable are retried until the read
 * succeeds, and sequences that need the same page at the same time share one request.
 */
import { withoutRetry } from "@effect-signalwire/http/RetryPolicy"
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import type { Lifetime } from "@effect-signalwire/runtime/Lifetime"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as SingleFlight from "@effect-signalwire/runtime/SingleFlight"
import * as Reason from "@effect-signalwire/schema/Reason"
import type { Service as Subscription } from "@effect-signalwire/subscription/Subscription"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ConversationError } from "../ConversationError.ts"
import type { ConnectionMonitor } from "./connectionMonitor.ts"
import type * as PageReader from "./pageReader.ts"
import { type Retrier } from "./retrier.ts"

type MessagePage = PageReader.MessagePage<ConversationError>

/** A page, and what it is known to contain. */
export interface HistoryPage extends Coverage {
  readonly page: MessagePage
}

/** What a read covers. */
export interface Coverage {
  /** How many sessions had become ready before the request: the page has what was stored before those. */
  readonly sessions: number
  /** The logical time of the request, see {@link HistoryReader.tick}: the page has what was stored before it. */
  readonly asOf: number
}

export const noCoverage: Coverage = { asOf: 0, sessions: 0 }

/** A list of messages, newest first. */
export interface Source {
  /** Identifies the list: reads with the same key share their requests. */
  readonly key: string
  /** The service's method that reads it, for failures. */
  readonly method: string
  readonly newest: PageReader.NewestPage<ConversationError>
}

export interface Options {
  readonly subscription: Pick<Subscription, "connection" | "sessionCount">
  readonly monitor: ConnectionMonitor
  readonly retrier: Retrier
  /** Reads fail with `Closed` when the client is closed. */
  readonly lifetime: Lifetime
  readonly instrumentation: Instrumentation
  /** The longest delay between retries while there is no session. Milliseconds. */
  readonly pollMillis: number
}

/** The longest delay while there is a session, whose messages wait for history. Milliseconds. */
const connectedCap = 3600

/**
 * The timeout of a request. It is short, so that the next request finds a server that has recovered. After a few
 * timeouts in a row one request gets all the time that the transport allows. Milliseconds.
 */
const shortTimeout = 4000
const shortTimeoutsInARow = 3

/** Failures are logged when they last this long, and then once in each interval. Milliseconds. */
const reportAfter = 5000
const reportInterval = 60_000

export class HistoryReader {
  private readonly options: Options
  private readonly flights = SingleFlight.make<string, HistoryPage, ConversationError>()
  private clock = 0
  private reportedAt = Number.NEGATIVE_INFINITY

  constructor(options: Options) {
    this.options = options
  }

  /** Advances the logical clock. Only reads that begin from now on are as of the returned time. */
  tick(): number {
    return ++this.clock
  }

  /** The logical time now. Reads that already began may be as of this time. */
  get time(): number {
    return this.clock
  }

  /** Reads the newest page, as of a logical time or later. Concurrent callers share one request. */
  newest(source: Source, asOf: number): Effect.Effect<HistoryPage, ConversationError> {
    const read = Effect.suspend(() => {
      const asOf = this.clock
      return Effect.flatMap(
        this.options.subscription.sessionCount,
        (sessions) => Effect.map(source.newest, (page): HistoryPage => ({ page, sessions, asOf }))
      )
    })
    const shared = Effect.map(
      this.untilRead(read, source.method),
      (found): HistoryPage => ({ ...found, page: this.withSharedNext(found.page, source.method) })
    )
    return Effect.flatMap(
      this.flights.run(source.key, shared),
      (found) => found.asOf >= asOf ? Effect.succeed(found) : this.newest(source, asOf)
    )
  }

  /** The same page with a `next` that concurrent callers share. */
  private withSharedNext(page: MessagePage, method: string): MessagePage {
    if (!page.hasNext) return page
    const flight = SingleFlight.make<"next", Option.Option<MessagePage>, ConversationError>()
    const next = Effect.map(
      this.untilRead(page.next, method),
      Option.map((found) => this.withSharedNext(found, method))
    )
    return { ...page, next: flight.run("next", next) }
  }

  /** Retries a read until it succeeds, fails for a reason that is not recoverable, or the client is closed. */
  private untilRead<A>(read: Effect.Effect<A, ConversationError>, method: string): Effect.Effect<A, ConversationError> {
    return Effect.suspend(() => {
      const { lifetime, monitor } = this.options
      let isRetrying = false
      const reading = Effect.ensuring(
        this.retry(read, (reason) => {
          monitor.setHistoryFailure(reason)
          // sequences that need this page emit nothing newer before it is read
          if (!isRetrying) monitor.addCatchingUp(1)
          isRetrying = true
        }),
        Effect.sync(() => {
          if (isRetrying) monitor.addCatchingUp(-1)
        })
      )
      const closed = Effect.suspend(() => Effect.fail(new ConversationError({ method, reason: new Reason.Closed() })))
      return lifetime.run(reading, closed)
    })
  }

  private retry<A>(
    read: Effect.Effect<A, ConversationError>,
    onRetry: (reason: Reason.Reason) => void
  ): Effect.Effect<A, ConversationError> {
    return Effect.flatMap(Monotonic.millis, (startedAt) => {
      const { monitor, retrier } = this.options
      let timeouts = 0
      return Effect.tap(
        retrier.retry({
          attempt: Effect.suspend(() => withoutRetry(read, timeouts < shortTimeoutsInARow ? shortTimeout : undefined)),
          onFailure: (error) => {
            timeouts = error.reason._tag === "Timeout" && timeouts < shortTimeoutsInARow ? timeouts + 1 : 0
            return this.onFailure(error, startedAt, onRetry)
          }
        }),
        () => Effect.sync(() => monitor.setHistoryFailure(null))
      )
    })
  }

  /** Fails when the read is not to be retried; otherwise returns the longest delay in milliseconds. */
  private onFailure(
    error: ConversationError,
    startedAt: number,
    onRetry: (reason: Reason.Reason) => void
  ): Effect.Effect<number, ConversationError> {
    return Effect.gen({ self: this }, function*() {
      const { instrumentation, pollMillis, subscription } = this.options
      const { method, reason } = error
      if (!Reason.isRecoverable(reason)) return yield* error
      const session = yield* subscription.connection.current
      if (session._tag === "Failed") return yield* new ConversationError({ method, reason: session.reason })
      if (session._tag === "Connected") yield* this.report(reason, startedAt)
      onRetry(reason)
      yield* instrumentation.readFailed(error)
      return session._tag === "Connected" ? connectedCap : Math.max(connectedCap, pollMillis)
    })
  }

  /** Warns that a session is up but delivers nothing, because history could not be read for some time. */
  private report(reason: Reason.Reason, startedAt: number): Effect.Effect<void> {
    return Effect.flatMap(Monotonic.millis, (now) => {
      if (now - startedAt < reportAfter || now - this.reportedAt < reportInterval) return Effect.void
      this.reportedAt = now
      return this.options.instrumentation.warn(
        `messages are delayed until history can be read again (${reason.message})`,
        []
      )
    })
  }
}
