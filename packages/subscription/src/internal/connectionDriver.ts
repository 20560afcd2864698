/**
 * Drives the state machine of the connection: performs what each state requires, sends the events that result, and
 * publishes the public state.
 */
import type { SessionObserver } from "@effect-signalwire/runtime/Instrumentation"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as ObservableRef from "@effect-signalwire/runtime/ObservableRef"
import * as Streams from "@effect-signalwire/runtime/Streams"
import { catchUnexpected, messageOf, stackOf } from "@effect-signalwire/runtime/Thrown"
import { redact } from "@effect-signalwire/runtime/Token"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { WebSocketConstructor } from "effect/socket/Socket"
import type * as Stream from "effect/Stream"
import * as ConnectionState from "../ConnectionState.ts"
import * as Signal from "../Signal.ts"
import { SubscriptionError } from "../SubscriptionError.ts"
import type { WakeSignal } from "../Wake.ts"
import { type DialContext, type Event, idle, type State, transition } from "./connectionMachine.ts"
import { connectionStateOf, dialling } from "./connectionStateOf.ts"
import { ConnectTriggers } from "./connectTriggers.ts"
import type { NextDelay } from "./dialDelays.ts"
import { DialRateLimiter } from "./dialRateLimiter.ts"
import { Fanout } from "./fanout.ts"
import { MalformedReporter } from "./malformedReporter.ts"
import * as Session from "./session.ts"
import type { SessionEvents } from "./sessionEvents.ts"
import { onNewToken } from "./tokenChanges.ts"

export interface Options {
  readonly session: Session.Options
  readonly nextDelay: NextDelay
  /** How long a session must have been ready for the delays to start over, in milliseconds. */
  readonly resetAfterMillis: number
  readonly dialsPerMinute: number
  /** How many signals are buffered for a subscriber. */
  readonly capacity: number
  readonly wakeSignals: Stream.Stream<WakeSignal>
  /** The initial token. */
  readonly token: Redacted.Redacted
}

type StateOf<Tag extends State["_tag"]> = Extract<State, { readonly _tag: Tag }>

/** The server's request to wait: until when, in monotonic milliseconds, and why. */
interface RetryAfter {
  readonly until: number
  readonly reason: Reason.Reason
}

export class ConnectionDriver {
  readonly fanout: Fanout
  readonly connectionState = ObservableRef.make<ConnectionState.ConnectionState>(ConnectionState.idle)
  readonly triggers = new ConnectTriggers()
  /** The state of the machine, which only the driver sets. */
  state = idle
  /** How many sessions have become ready, which only the driver counts. */
  sessionCount = 0
  private readonly options: Options
  private readonly rateLimiter: DialRateLimiter
  private readonly malformed: MalformedReporter
  private readonly observer: SessionObserver
  /**
   * The token of the last dial, or the one that its session has sent since: the one to refresh when it is rejected. A
   * REST request may have refreshed it already.
   */
  private token: Redacted.Redacted
  /** Set if the last dial or session ended with a request to wait. */
  private retryAfter: RetryAfter | undefined

  constructor(options: Options) {
    this.options = options
    this.token = options.token
    this.rateLimiter = new DialRateLimiter(options.dialsPerMinute)
    this.fanout = new Fanout(options.capacity)
    const { instrumentation } = options.session
    this.malformed = new MalformedReporter(instrumentation)
    this.observer = instrumentation.observeSessions()
  }

  /**
   * Sends an event to the machine, and publishes the state that follows. A `BackingOff` without its delay is published
   * only if the delay takes time to compute, so that others see one state for a wait instead of two.
   */
  send(event: Event): Effect.Effect<void> {
    return Effect.suspend(() => {
      const next = transition(this.state, event)
      if (next === this.state) return Effect.void
      this.options.session.instrumentation.onTransition?.("connection", this.state, event, next)
      this.state = next
      // before the public state changes: a watcher of that may subscribe again
      if (next._tag === "Failed") {
        this.fanout.end(new SubscriptionError({ method: "subscribe", reason: next.reason }))
      }
      return next._tag === "BackingOff" && next.delayMillis === null
        ? Effect.void
        : this.connectionState.set(connectionStateOf(next))
    })
  }

  /** Dials now: ends the wait before the next dial, or replaces the session or the dial in progress. */
  connectNow(): void {
    const { _tag } = this.state
    this.triggers.request.set()
    if (_tag === "Connecting" || _tag === "Connected") this.triggers.triggerSession("reconnect")
  }

  /** Listens to the platform's signals and to new tokens until the scope closes. */
  get listen(): Effect.Effect<void, never, Scope.Scope> {
    const { session, token, wakeSignals } = this.options
    return Effect.andThen(
      Streams.listen(
        wakeSignals,
        (signal) => this.triggers.onPlatformSignal(signal),
        (thrown) => session.instrumentation.warn("cannot listen to the wake signals of the platform", [stackOf(thrown)])
      ),
      onNewToken(session.credentials, token, session.instrumentation, (token) => this.onToken(token))
    )
  }

  /**
   * Runs until the state requires nothing more, or `isCurrent` returns `false` since another run took over. An
   * exception, or an interruption within what the client was given, is logged and makes the connection fail.
   */
  run(isCurrent: () => boolean): Effect.Effect<void, never, WebSocketConstructor> {
    return this.observer.run(catchUnexpected(this.loop(isCurrent), (thrown) =>
      Effect.andThen(
        this.options.session.instrumentation.warn("the connection failed with an exception", [stackOf(thrown)]),
        Effect.suspend(() =>
          isCurrent()
            ? this.send({
              _tag: "DriverFailed",
              reason: new Reason.Defect({ detail: messageOf(thrown), cause: thrown })
            })
            : Effect.void
        )
      )))
  }

  private loop(isCurrent: () => boolean): Effect.Effect<void, never, WebSocketConstructor> {
    return Effect.gen({ self: this }, function*() {
      yield* this.start
      while (isCurrent()) {
        const { state } = this
        switch (state._tag) {
          case "Connecting":
            yield* this.rateLimiter.acquireDial((wait, millis) => this.publishWait(state, wait, millis))
            // the state may have changed during the wait
            if (this.state === state) yield* this.dial(state.context)
            break
          case "BackingOff":
            yield* this.backOff(state)
            break
          case "RefreshingToken":
            yield* this.unlessRequested(this.refreshToken(state.rejection))
            break
          case "AwaitingToken":
            yield* this.unlessRequested(Effect.never)
            break
          case "Failed":
          case "Idle":
          case "Connected":
          case "Closed":
            return
        }
      }
    })
  }

  private get start(): Effect.Effect<void> {
    return Effect.flatMap(Monotonic.millis, (now) => {
      const { retryAfter } = this
      const delayMillis = retryAfter === undefined ? 0 : Math.ceil(retryAfter.until - now)
      return this.send({
        _tag: "Start",
        retryAfter: retryAfter === undefined || delayMillis <= 0 ? null : { delayMillis, reason: retryAfter.reason }
      })
    })
  }

  /** Publishes a public state of `state`, if that still lasts. */
  private publish(state: State, connectionState = connectionStateOf(state)): Effect.Effect<void> {
    return Effect.suspend(() => this.state === state ? this.connectionState.set(connectionState) : Effect.void)
  }

  /** Publishes how long the rate limit delays a dial, as long as the state lasts. */
  private publishWait(
    state: StateOf<"Connecting">,
    wait: Effect.Effect<void>,
    millis: number
  ): Effect.Effect<void> {
    return Effect.andThen(
      Effect.andThen(this.publish(state, dialling(state.context, millis)), wait),
      this.publish(state)
    )
  }

  /** Computes the delay, or waits for as long as it says. A wake signal ends either. */
  private backOff(state: StateOf<"BackingOff">): Effect.Effect<void> {
    const { context, delayMillis, reason } = state
    const elapsed = this.send({ _tag: "BackoffElapsed" })
    const untilWake = (effect: Effect.Effect<void>) => Effect.raceFirst(effect, Effect.andThen(this.nextWake, elapsed))
    if (delayMillis !== null) return this.unlessRequested(untilWake(Effect.andThen(Effect.sleep(delayMillis), elapsed)))
    const compute = Effect.flatMap(
      this.options.nextDelay(context.attempt - 1, reason),
      (delayMillis) =>
        this.send(delayMillis === null ? { _tag: "ScheduleEnded" } : { _tag: "DelayComputed", delayMillis })
    )
    return this.unlessRequested(untilWake(compute), this.publish(state))
  }

  private dial(context: DialContext): Effect.Effect<void, never, WebSocketConstructor> {
    return Effect.gen({ self: this }, function*() {
      const { resetAfterMillis, session } = this.options
      const { request, wake } = this.triggers
      this.token = yield* session.credentials.current
      request.clear()
      this.retryAfter = undefined
      wake.clear()
      yield* this.observer.onDial(context.attempt)
      const { outcome, readyMillis, reason, resume, retryAfterMillis } = yield* Session.run(session, {
        token: this.token,
        resume: context.resume,
        watchTriggers: (callback) => this.triggers.watchSession(callback),
        acquireWake: this.rateLimiter.acquireWake,
        events: this.sessionEvents
      })
      yield* this.observer.onEnd(reason, outcome)
      yield* this.send({
        _tag: "SessionEnded",
        outcome,
        reason,
        resume,
        retryAfterMillis,
        resetsBackoff: readyMillis >= resetAfterMillis,
        random: yield* Random.next
      })
      if (retryAfterMillis === 0) return
      wake.clear()
      // kept for later subscribers, should all of them leave during the wait
      const { state } = this
      if (state._tag === "BackingOff") {
        this.retryAfter = { until: (yield* Monotonic.millis) + state.minDelayMillis, reason }
      }
    })
  }

  private get sessionEvents(): SessionEvents {
    const { credentials } = this.options.session
    const { request, wake } = this.triggers
    return {
      onReady: (resume, resumed) => {
        this.sessionCount++
        // a dial was requested, and this session is the result
        request.clear()
        // before the public state changes: its watchers then find that reading history has begun
        this.fanout.emit([Signal.connected(this.sessionCount)])
        return this.send({ _tag: "SessionReady", resume, resumed }).pipe(
          Effect.andThen(this.observer.onReady(this.sessionCount, resumed)),
          Effect.andThen(credentials.current),
          Effect.map((token) => {
            this.token = token
            this.triggers.notifyRetry()
          })
        )
      },
      onSignals: (signals) => this.fanout.emit(signals),
      onMalformed: (malformed) => this.malformed.report(malformed),
      onDialAbandoned: () => request.set(),
      onSuspect: (reason) => this.send({ _tag: "ConnectionSuspect", reason }),
      onAlive: this.send({ _tag: "ConnectionAlive" }),
      onProbeSuccess: () => wake.clear()
    }
  }

  private refreshToken(rejection: Reason.Reason): Effect.Effect<void> {
    const { session } = this.options
    return Effect.matchEffect(session.credentials.renew(this.token), {
      onSuccess: () => this.send({ _tag: "TokenRefreshed" }),
      onFailure: ({ isRetryable, message }) =>
        Effect.gen({ self: this }, function*() {
          const rejected = rejection._tag === "Unauthorized" ? rejection.detail : rejection.message
          const detail = `${rejected} (${redact(message, Redacted.value(this.token))})`
          const reason = new Reason.Unauthorized({ detail, isRetryable })
          yield* session.instrumentation.warn(
            isRetryable ? "refreshing the token failed; retrying" : "the token was rejected; waiting for a new token",
            [reason.message]
          )
          yield* this.send({ _tag: "TokenRefreshFailed", reason })
        })
    })
  }

  private onToken(token: Redacted.Redacted): void {
    switch (this.state._tag) {
      case "Connected":
        // the session sends it to the server
        this.token = token
        break
      case "Connecting":
        // the session sends it once it is ready; until then, a dial that hangs is abandoned as after a wake signal
        this.triggers.triggerSession("wake")
        break
      default:
        this.triggers.request.set()
    }
    this.triggers.notifyRetry()
  }

  /** Completes when a wake signal may end the wait. */
  private get nextWake(): Effect.Effect<void> {
    return Effect.andThen(this.triggers.wake.take, this.rateLimiter.acquireWake)
  }

  /**
   * Runs `effect`, and dials instead when that is requested, or when the token is not that of the last dial. A token
   * that was replaced before the server asked the client to wait does not count. `onWait` runs if `effect` takes time.
   */
  private unlessRequested(effect: Effect.Effect<void>, onWait: Effect.Effect<void> = Effect.void): Effect.Effect<void> {
    const { request } = this.triggers
    const connectNow = this.send({ _tag: "ConnectNow" })
    const isReplaced = (token: Redacted.Redacted) => this.retryAfter === undefined && !Equal.equals(token, this.token)
    const requested = Effect.flatMap(
      Effect.andThen(onWait, this.options.session.credentials.current),
      (token) => isReplaced(token) ? Effect.void : request.take
    )
    // a wait that is already over is not published
    return Effect.suspend(() =>
      request.isPending ? connectNow : Effect.raceFirst(effect, Effect.andThen(requested, connectNow))
    )
  }
}
