/**
 * The sessions of a client, one after the other: from the first subscriber to the last, and an idle time longer. What
 * follows what is decided by the table in `phase.ts`; here it is done.
 */
import type { Credentials } from "@effect-signalwire/schema/Credentials"
import { Emitter } from "@effect-signalwire/schema/Emitter"
import { Mailbox } from "@effect-signalwire/schema/Mailbox"
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import * as Monotonic from "@effect-signalwire/schema/Monotonic"
import * as Reason from "@effect-signalwire/schema/Reason"
import type { Telemetry } from "@effect-signalwire/schema/Telemetry"
import { messageOf, stackOf } from "@effect-signalwire/schema/Thrown"
import { redact } from "@effect-signalwire/schema/Token"
import * as Watched from "@effect-signalwire/schema/Watched"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { WebSocketConstructor as Constructor } from "effect/socket/Socket"
import { closed, ConnectionState, idle } from "../ConnectionState.ts"
import * as Signal from "../Signal.ts"
import { SubscriptionError } from "../SubscriptionError.ts"
import type { Hints, WakeSignal } from "../Wake.ts"
import type { Backoff } from "./backoff.ts"
import { WebSocketConstructor } from "./constructor.ts"
import { DialLimit } from "./dialLimit.ts"
import { type Attachment, Fanout } from "./fanout.ts"
import { type Happening, type Phase, type Plan, step } from "./phase.ts"
import * as Session from "./session.ts"

const phases = Data.taggedEnum<Phase>()

const reconnecting = (plan: Plan, delayMillis: number | null, reason: Reason.Reason): ConnectionState =>
  ConnectionState.Reconnecting({ attempt: plan.attempt, delayMillis, polling: false, reason })

/** A dial that is under way, or waits for its turn. */
const dialling = (plan: Plan, delayMillis: number): ConnectionState =>
  plan.lastReason === null
    ? ConnectionState.Connecting({ polling: false, reason: null })
    : reconnecting(plan, delayMillis, plan.lastReason)

const view = (phase: Phase): ConnectionState =>
  phases.$match(phase, {
    Idle: () => idle,
    Dialling: ({ plan }) => dialling(plan, 0),
    Online: ({ doubt, plan, resumed }) =>
      doubt === null
        ? ConnectionState.Connected({ resumed, catchingUp: false, reason: null })
        : reconnecting(plan, 0, doubt),
    Renewing: ({ plan, refusal }) => reconnecting(plan, 0, plan.lastReason ?? refusal),
    Waiting: ({ delayMillis, plan, reason }) => reconnecting(plan, delayMillis, reason),
    Refused: ({ plan, reason }) => reconnecting(plan, null, reason),
    Failed: ({ reason }) => ConnectionState.Failed({ reason }),
    Closed: () => closed
  })

/** Frames that can't be read are reported at most this often. Milliseconds. */
const reportInterval = 30_000

/** Reports what could not be read: at once, then gathered, so that a server that sends nothing else fills no log. */
class UnreadableReport {
  private readonly telemetry: Telemetry
  private reportedAt = Number.NEGATIVE_INFINITY
  private unreported = 0

  constructor(telemetry: Telemetry) {
    this.telemetry = telemetry
  }

  report(unreadable: ReadonlyArray<MalformedValue>): Effect.Effect<void> {
    return Effect.flatMap(Monotonic.millis, (now) => {
      this.unreported += unreadable.length
      if (now - this.reportedAt < reportInterval) return Effect.void
      const count = this.unreported
      this.reportedAt = now
      this.unreported = 0
      return this.telemetry.warn("skipped what could not be read", [unreadable.slice(0, 10)], {
        "signalwire.count": count
      })
    })
  }
}

/** Those who hold a session: it is driven as long as somebody does, and an idle time longer. */
interface Hold {
  refCount: number
  driver: Fiber.Fiber<void> | undefined
  /** Waits for the idle time to be over. */
  idling: Fiber.Fiber<void> | undefined
}

export interface Options {
  readonly session: Session.Options
  readonly backoff: Backoff
  /** How long a session must have been ready for the backoff to begin anew. Milliseconds. */
  readonly lastingMillis: number
  /** How often it dials at most in the long run. */
  readonly dialsPerMinute: number
  /** How long the session outlives those who hold it. Milliseconds. */
  readonly idleMillis: number
  /** How many signals one subscriber may have waiting. */
  readonly capacity: number
  readonly credentials: Credentials["Service"]
  readonly webSockets: Constructor["Service"]
  readonly hints: Hints
  readonly scope: Scope.Scope
  /** The token to begin with. */
  readonly token: Redacted.Redacted
}

const failed = (method: string, reason: Reason.Reason, cause?: unknown) =>
  new SubscriptionError({ method, reason, ...(cause === undefined ? undefined : { cause }) })

const isReady = (state: ConnectionState): Effect.Effect<boolean, SubscriptionError> => {
  switch (state._tag) {
    case "Connected":
      return Effect.succeed(true)
    case "Failed":
      return Effect.fail(failed("ready", state.reason))
    case "Closed":
      return Effect.fail(failed("ready", new Reason.Closed()))
    default:
      return Effect.succeed(false)
  }
}

export class SessionManager {
  readonly fanout: Fanout
  readonly state = Watched.make<ConnectionState>(idle)
  /** How many sessions have become ready. */
  sessions = 0
  private phase: Phase = { _tag: "Idle" }
  /** Nobody holds it any more once it was closed as idle, and some may still hold one that failed. */
  private hold: Hold | undefined
  private readonly options: Options
  private readonly limit: DialLimit
  private readonly unreadable: UnreadableReport
  /**
   * The token of the last dial, or the one that its session was told of since: the one to renew when it is refused, which
   * REST may have renewed meanwhile.
   */
  private token: Redacted.Redacted
  /** What the platform signals. */
  private readonly signals = new Emitter<WakeSignal>()
  /**
   * The platform has signalled `wake`, and nothing has been tried since: the next wait is over at once, for what it
   * follows was begun before the network was back.
   */
  private isWoken = false
  /** Good moments to try again. */
  private readonly chances = new Emitter<void>()
  /** Somebody wants it to dial now; it does so when it comes to wait. */
  private readonly nudges = new Mailbox<void>()
  /** Until when the server asked to be left alone as it ended the last dial, by the monotonic clock, and why. */
  private rest: { readonly until: number; readonly reason: Reason.Reason } | undefined
  /** Ends the session that runs, for another to take its place. */
  private replace: (() => void) | undefined

  constructor(options: Options) {
    this.options = options
    this.token = options.token
    this.limit = new DialLimit(options.dialsPerMinute)
    this.fanout = new Fanout(options.capacity)
    this.unreadable = new UnreadableReport(options.session.telemetry)
  }

  /** Attaches a subscriber, for whom the session is driven until the scope closes. */
  get attach(): Effect.Effect<Attachment, SubscriptionError, Scope.Scope> {
    return Effect.flatMap(
      this.fanout.attach,
      (attachment) => Effect.as(this.holding("attach"), attachment)
    )
  }

  /** Waits until a session is ready, and sees to it that there is one. */
  get ready(): Effect.Effect<void, SubscriptionError> {
    return Effect.scoped(Effect.andThen(this.holding("ready"), this.untilState(isReady)))
  }

  /** Waits for a state. */
  private untilState<E>(holds: (state: ConnectionState) => Effect.Effect<boolean, E>): Effect.Effect<void, E> {
    return Effect.scoped(Effect.gen({ self: this }, function*() {
      const states = yield* this.state.pull
      while (true) {
        for (const state of yield* Effect.orDie(states)) {
          if (yield* holds(state)) return
        }
      }
    }))
  }

  /** Dials now, also when there is a session: completes once that one is over. */
  get reconnect(): Effect.Effect<void, SubscriptionError> {
    return Effect.scoped(Effect.andThen(
      this.holding("reconnect"),
      Effect.suspend(() => {
        const { replace } = this
        this.nudge()
        const { _tag } = this.phase
        replace?.()
        if (replace === undefined || _tag !== "Online") return Effect.void
        return this.untilState(({ _tag }) => Effect.succeed(_tag !== "Connected"))
      })
    ))
  }

  /** Completes at the next good moment to try again: the platform's signal, another token, or a session that is ready. */
  get awaitChance(): Effect.Effect<void> {
    return this.chances.next
  }

  /** Ends it for good. */
  get close(): Effect.Effect<void> {
    return Effect.tap(this.happen({ _tag: "Closing" }), () => Effect.sync(() => this.fanout.end()))
  }

  /** Listens to what may be a good moment to try again, as long as the scope is open. */
  get listen(): Effect.Effect<void, never, Scope.Scope> {
    const { credentials, hints, session } = this.options
    return Effect.andThen(
      Effect.catchDefect(
        hints((signal) => {
          if (signal === "wake") this.isWoken = true
          this.signals.emit(signal)
          if (signal === "wake") this.chances.emit()
        }),
        (thrown) => session.telemetry.warn("the platform's wake signals can't be listened to", [stackOf(thrown)])
      ),
      credentials.watch((token) => {
        // a session that is up is told of it; what is being dialled will be
        if (this.phase._tag === "Online") this.token = token
        else if (this.phase._tag === "Dialling") this.signals.emit("wake")
        else this.nudge()
        this.chances.emit()
      })
    )
  }

  private nudge(): void {
    if (this.nudges.size === 0) this.nudges.add(undefined)
  }

  private holding(method: string): Effect.Effect<void, SubscriptionError, Scope.Scope> {
    return Effect.asVoid(Effect.acquireRelease(this.acquire(method), (hold) => this.release(hold)))
  }

  private acquire(method: string): Effect.Effect<Hold, SubscriptionError> {
    return Effect.suspend(() => {
      if (this.phase._tag === "Closed") return Effect.fail(failed(method, new Reason.Closed()))
      const { hold } = this
      if (hold === undefined || this.phase._tag === "Failed") return this.begin
      hold.refCount++
      hold.idling?.interruptUnsafe()
      hold.idling = undefined
      return Effect.succeed(hold)
    })
  }

  /** Others may still hold a session that failed. */
  private get begin(): Effect.Effect<Hold> {
    const hold: Hold = { refCount: 1, driver: undefined, idling: undefined }
    this.hold = hold
    return Effect.andThen(
      this.phase._tag === "Failed" ? this.enter({ _tag: "Idle" }) : Effect.void,
      Effect.map(this.fork(this.supervised(hold)), (driver) => {
        hold.driver = driver
        return hold
      })
    )
  }

  private release(hold: Hold): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { idleMillis } = this.options
      hold.refCount--
      const isHeld = hold.refCount > 0 || !Number.isFinite(idleMillis)
      if (isHeld || hold !== this.hold || this.phase._tag === "Closed") return Effect.void
      return Effect.map(this.fork(Effect.andThen(Effect.sleep(idleMillis), this.closeIdle(hold))), (idling) => {
        hold.idling = idling
      })
    })
  }

  /** Nobody is left who needs it. */
  private closeIdle(hold: Hold): Effect.Effect<void> {
    return Effect.uninterruptible(Effect.suspend(() => {
      if (hold !== this.hold || hold.refCount > 0) return Effect.void
      this.hold = undefined
      return Effect.andThen(
        this.enter({ _tag: "Idle" }),
        hold.driver === undefined ? Effect.void : Fiber.interrupt(hold.driver)
      )
    }))
  }

  /** Runs something until the client is closed; it logs where whoever asked for it does. */
  private fork<A>(effect: Effect.Effect<A, never, Constructor>): Effect.Effect<Fiber.Fiber<A>> {
    const { scope, webSockets } = this.options
    return Effect.forkIn(Effect.provideService(effect, WebSocketConstructor, webSockets), scope)
  }

  /** Drives the connection; an exception in what drives it is the end of every subscriber, and told. */
  private supervised(hold: Hold): Effect.Effect<void, never, Constructor> {
    return Effect.catchDefect(this.drive(hold), (thrown) => {
      const reason = new Reason.Defect({ detail: messageOf(thrown), cause: thrown })
      return this.options.session.telemetry.warn("the connection can't go on", [stackOf(thrown)]).pipe(
        Effect.andThen(this.happen({ _tag: "Broken", reason }))
      )
    })
  }

  /** Does what the phase asks for, until nothing is left to do, or somebody has begun again. */
  private drive(hold: Hold): Effect.Effect<void, never, Constructor> {
    return Effect.gen({ self: this }, function*() {
      const left = this.rest === undefined ? 0 : Math.ceil(this.rest.until - (yield* Monotonic.millis))
      yield* this.happen({
        _tag: "Wanted",
        rest: this.rest !== undefined && left > 0 ? { delayMillis: left, reason: this.rest.reason } : null
      })
      while (this.hold === hold) {
        const { phase } = this
        switch (phase._tag) {
          case "Dialling":
            yield* this.limit.dial((effect, millis) =>
              Effect.andThen(
                Effect.andThen(this.show(phase, dialling(phase.plan, millis)), effect),
                this.show(phase, view(phase))
              )
            )
            // it may have been closed while it waited
            if (this.phase === phase) yield* this.dial(phase.plan)
            break
          case "Waiting":
            yield* this.unlessNudged(Effect.andThen(
              Effect.raceFirst(Effect.sleep(phase.delayMillis), Effect.andThen(this.awaitWake, this.limit.wake)),
              this.happen({ _tag: "Elapsed" })
            ))
            break
          case "Renewing":
            yield* this.unlessNudged(this.renew(phase.refusal))
            break
          case "Refused":
            yield* this.unlessNudged(Effect.never)
            break
          case "Failed":
          case "Idle":
          case "Online":
          case "Closed":
            return
        }
      }
    })
  }

  private enter(next: Phase): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (next === this.phase) return Effect.void
      this.phase = next
      // before the state changes: a listener may subscribe again
      if (next._tag === "Failed") this.fanout.end(failed("attach", next.reason))
      return this.state.set(view(next))
    })
  }

  /** Shows a phase, while that lasts, in another way than it is shown usually. */
  private show(phase: Phase, state: ConnectionState): Effect.Effect<void> {
    return Effect.suspend(() => this.phase === phase ? this.state.set(state) : Effect.void)
  }

  private happen(happening: Happening): Effect.Effect<void> {
    return Effect.suspend(() => this.enter(step(this.phase, happening, this.options.backoff)))
  }

  private dial(plan: Plan) {
    return Effect.gen({ self: this }, function*() {
      const { backoff, credentials, lastingMillis, session } = this.options
      this.token = yield* credentials.current
      this.nudges.clear()
      this.rest = undefined
      this.isWoken = false
      const ended = yield* Session.run(session, {
        token: this.token,
        currentToken: credentials.current,
        resume: plan.resume,
        onToken: credentials.watch,
        onReady: (resume, resumed) => {
          this.sessions++
          // who asked for a dial has it
          this.nudges.clear()
          // before the state changes: its listeners find that what was missed is being read
          this.fanout.emit([Signal.connected(this.sessions)])
          return this.happen({ _tag: "Ready", resume, resumed }).pipe(
            Effect.andThen(credentials.current),
            Effect.map((token) => {
              this.token = token
              this.chances.emit()
            })
          )
        },
        onExpiry: credentials.expires,
        onHint: (hint) => this.signals.watch(hint),
        giveUpTurn: this.limit.wake,
        onProbed: (isAlive) => {
          if (isAlive) this.isWoken = false
          // a session may have been probed because the network is gone, which is no reason to dial
          else if (this.phase._tag === "Dialling") this.nudge()
        },
        onReplaceable: (replace) => {
          this.replace = replace
        },
        onDoubt: (reason) => this.happen({ _tag: "Doubted", reason }),
        onConfirmed: Effect.suspend(() => this.happen({ _tag: "Confirmed" })),
        onSignals: (signals) => this.fanout.emit(signals),
        onUnreadable: (unreadable) => this.unreadable.report(unreadable)
      }).pipe(Effect.ensuring(Effect.sync(() => {
        this.replace = undefined
      })))
      const { ending, readyMillis, reason, resume, retryAfterMillis } = ended
      yield* session.telemetry.debug("the session ended", [ending, reason.message], {
        "signalwire.session": this.sessions,
        "signalwire.reason": reason._tag
      })
      const next = step(this.phase, {
        _tag: "Ended",
        ending,
        reason,
        resume,
        retryAfterMillis,
        lasted: readyMillis >= lastingMillis,
        chance: yield* Random.next
      }, backoff)
      // a wait that somebody has ended before it begins is not told of
      yield* this.enter(this.nudges.size > 0 ? step(next, { _tag: "Nudged" }, backoff) : next)
      const { phase } = this
      if (retryAfterMillis > 0) this.isWoken = false
      if (retryAfterMillis > 0 && phase._tag === "Waiting") {
        this.rest = { until: (yield* Monotonic.millis) + phase.delayMillis, reason }
      }
    })
  }

  private renew(refusal: Reason.Reason): Effect.Effect<void> {
    return Effect.matchEffect(this.options.credentials.renew(this.token), {
      onSuccess: () => this.happen({ _tag: "Renewed" }),
      onFailure: ({ isRetryable, message }) =>
        Effect.gen({ self: this }, function*() {
          const why = redact(message, Redacted.value(this.token))
          const detail = `${refusal._tag === "Unauthorized" ? refusal.detail : refusal.message} (${why})`
          const reason = new Reason.Unauthorized({ detail, isRetryable })
          yield* this.options.session.telemetry.warn(
            isRetryable ? "the refresh of the token failed, and is tried again" : "the client waits for another token",
            [reason.message]
          )
          yield* this.happen({ _tag: "RenewalFailed", reason, chance: yield* Random.next })
        })
    })
  }

  private get awaitWake(): Effect.Effect<void> {
    const { signals } = this
    const next: Effect.Effect<void> = Effect.flatMap(
      signals.next,
      (signal) => signal === "wake" ? Effect.void : next
    )
    return Effect.andThen(
      Effect.suspend(() => this.isWoken ? Effect.void : next),
      Effect.sync(() => {
        this.isWoken = false
      })
    )
  }

  /**
   * Does something, and dials instead when it is asked for meanwhile, or there is another token than the last dial's. Where
   * the server has asked to be left alone since, one that was there before is no reason to dial.
   */
  private unlessNudged(effect: Effect.Effect<void>): Effect.Effect<void> {
    const { credentials } = this.options
    return Effect.raceFirst(
      effect,
      Effect.andThen(
        Effect.flatMap(
          credentials.current,
          (token) =>
            this.rest !== undefined || Equal.equals(token, this.token) ? Effect.asVoid(this.nudges.take) : Effect.void
        ),
        Effect.suspend(() => this.happen({ _tag: "Nudged" }))
      )
    )
  }
}
