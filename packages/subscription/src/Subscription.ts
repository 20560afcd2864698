/**
 * The live side of the Conversation namespace: one session with the server over a WebSocket, resumed after every
 * interruption, re-authenticated when the token changes, and shared by many Streams.
 *
 * It tells truthfully when events may be missing (`Signal.Lapse`); reading those back from history is the business of
 * the layer that has history.
 *
 * @since 0.1.0
 */
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { AddressOf } from "@effect-signalwire/schema/ConversationMessage"
import { Credentials } from "@effect-signalwire/schema/Credentials"
import type { Endpoint } from "@effect-signalwire/schema/Endpoint"
import { Mailbox } from "@effect-signalwire/schema/Mailbox"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Telemetry from "@effect-signalwire/schema/Telemetry"
import * as Watched from "@effect-signalwire/schema/Watched"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Pull from "effect/Pull"
import * as Random from "effect/Random"
import type * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import type { WebSocketConstructor as Constructor } from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import { ConnectionState } from "./ConnectionState.ts"
import * as Backoff from "./internal/backoff.ts"
import { WebSocketConstructor } from "./internal/constructor.ts"
import { type Attachment, Fanout } from "./internal/fanout.ts"
import { type Happening, type Phase, step } from "./internal/phase.ts"
import * as Session from "./internal/session.ts"
import type { Signal } from "./Signal.ts"
import { SubscriptionError } from "./SubscriptionError.ts"
import { type Hints, Wake } from "./Wake.ts"

export type { Attachment } from "./internal/fanout.ts"

/** What the service offers. */
export interface Service {
  /**
   * Attaches a subscriber: from here on it hears every signal, until the scope closes. The first subscriber opens the
   * session, and an idle time after the last one left it closes. The stream fails when the session ends for good.
   */
  readonly attach: Effect.Effect<Attachment, never, Scope.Scope>
  /**
   * Calls back with every batch of signals, as it is emitted, until the scope closes. It opens no session of its own; the
   * callback must neither wait nor throw.
   */
  readonly observe: (
    callback: (signals: ReadonlyArray<Signal>) => void
  ) => Effect.Effect<void, never, Scope.Scope>
  /** Events as they happen. What happens while there is no session is not among them; see {@link attach}. */
  readonly events: Stream.Stream<ConversationEvent, SubscriptionError>
  /** Waits until the session is ready; fails when it ends for good first, or its token is refused and not renewed. */
  readonly ready: Effect.Effect<void, SubscriptionError>
  /** How many sessions have become ready so far: which `connected` lapses something read from now on covers. */
  readonly sessions: Effect.Effect<number>
  /** How the session stands now. */
  readonly connection: Effect.Effect<ConnectionState>
  /** How the session stands now, then each change. */
  readonly connectionChanges: Stream.Stream<ConnectionState>
}

/** The live side of the Conversation namespace. */
export class Subscription extends Context.Service<Subscription, Service>()(
  "@effect-signalwire/subscription/Subscription"
) {}

/** Where the socket is, and how it is kept. */
export interface Options {
  /** Where the service is. */
  readonly endpoint: Endpoint
  /** What the client calls itself to the server. @default "effect-signalwire" */
  readonly agent?: string | undefined
  /** How long opening the socket, and then authenticating on it, may each take. @default "10 seconds" */
  readonly connectTimeout?: Duration.Input | undefined
  /** How long any other request may wait for its answer. @default "10 seconds" */
  readonly requestTimeout?: Duration.Input | undefined
  /** After this much silence the server is pinged, after twice as much it counts as dead. @default "10 seconds" */
  readonly heartbeat?: Duration.Input | undefined
  /** How long the session outlives its last subscriber. @default "30 seconds" */
  readonly idleTimeToLive?: Duration.Input | undefined
  /** Full-jitter backoff between dials: the first wait is below `base`, none is above `cap`. @default 500 ms, 30 s */
  readonly backoff?: { readonly base: Duration.Input; readonly cap: Duration.Input } | undefined
  /** How many signals one subscriber may have waiting before it is sent to history for the rest. @default 4096 */
  readonly capacity?: number | undefined
  /** Tells the address of a group, which events of the group dialect leave out. @default nothing is known */
  readonly addressOf?: AddressOf | undefined
}

const millis = (input: Duration.Input | undefined, fallback: Duration.Input): number =>
  Duration.toMillis(Duration.fromInputUnsafe(input ?? fallback))

const phases = Data.taggedEnum<Phase>()

const view = (phase: Phase): ConnectionState =>
  phases.$match(phase, {
    Idle: () => ConnectionState.Idle(),
    Dialling: ({ plan }) =>
      plan.lastReason === null
        ? ConnectionState.Connecting()
        : ConnectionState.Reconnecting({ attempt: plan.attempt, delayMillis: 0, reason: plan.lastReason }),
    Online: ({ resumed }) => ConnectionState.Connected({ resumed }),
    Renewing: ({ plan, reason }) => ConnectionState.Reconnecting({ attempt: plan.attempt, delayMillis: 0, reason }),
    Waiting: ({ delayMillis, plan, reason }) =>
      ConnectionState.Reconnecting({ attempt: plan.attempt, delayMillis, reason }),
    Failed: ({ reason }) => ConnectionState.Failed({ reason }),
    Closed: () => ConnectionState.Closed()
  })

/** Who holds a session: it is driven as long as somebody does, and an idle time longer. */
interface Hold {
  holders: number
  driver: Fiber.Fiber<void> | undefined
  /** Waits for the idle time to be over. */
  idling: Fiber.Fiber<void> | undefined
}

/** The session of a client, from the first who wants it to the last. */
class Life {
  readonly fanout: Fanout
  readonly state = Watched.make<ConnectionState>(ConnectionState.Idle())
  sessions = 0
  private phase: Phase = { _tag: "Idle" }
  /** Nobody holds it any more once it has rested, and some may still hold one that failed. */
  private hold: Hold | undefined
  private readonly idleMillis: number
  private readonly scope: Scope.Scope
  private readonly webSockets: Constructor["Service"]
  private readonly backoff: Backoff.Backoff
  private readonly session: Session.Options
  private readonly credentials: Credentials["Service"]
  private readonly hints: Hints
  /** The token of the last dial: the one to renew when it is refused, which REST may have renewed meanwhile. */
  private token: Redacted.Redacted

  constructor(
    options: Options,
    credentials: Credentials["Service"],
    context: Context.Context<Constructor | Scope.Scope>,
    token: Redacted.Redacted,
    telemetry: Telemetry.Telemetry
  ) {
    this.fanout = new Fanout(options.capacity ?? 4096)
    this.backoff = Backoff.make({
      baseMillis: millis(options.backoff?.base, "500 millis"),
      capMillis: millis(options.backoff?.cap, "30 seconds")
    })
    this.session = {
      url: options.endpoint.ws,
      agent: options.agent ?? "effect-signalwire",
      requestCapacity: 64,
      addressOf: options.addressOf,
      telemetry,
      timings: {
        open: millis(options.connectTimeout, "10 seconds"),
        connect: millis(options.connectTimeout, "10 seconds"),
        request: millis(options.requestTimeout, "10 seconds"),
        heartbeat: millis(options.heartbeat, "10 seconds")
      }
    }
    this.idleMillis = millis(options.idleTimeToLive, "30 seconds")
    this.credentials = credentials
    this.scope = Context.get(context, Scope.Scope)
    this.webSockets = Context.get(context, WebSocketConstructor)
    this.hints = Context.get(context, Wake)
    this.token = token
  }

  /** Attaches a subscriber, for whom the session is driven until the scope closes. */
  get attach(): Effect.Effect<Attachment, never, Scope.Scope> {
    return Effect.flatMap(
      this.fanout.attach,
      (attachment) => Effect.as(Effect.acquireRelease(this.take, (hold) => this.drop(hold)), attachment)
    )
  }

  /** Ends it for good. */
  get close(): Effect.Effect<void> {
    return Effect.tap(this.happen({ _tag: "Closing" }), () => Effect.sync(() => this.fanout.end()))
  }

  private get take(): Effect.Effect<Hold> {
    return Effect.suspend(() => {
      if (this.phase._tag === "Closed") return Effect.interrupt
      const { hold } = this
      if (hold === undefined || this.phase._tag === "Failed") return this.begin
      hold.holders++
      hold.idling?.interruptUnsafe()
      hold.idling = undefined
      return Effect.succeed(hold)
    })
  }

  /** Others may still hold a session that failed. */
  private get begin(): Effect.Effect<Hold> {
    const hold: Hold = { holders: 1, driver: undefined, idling: undefined }
    this.hold = hold
    return Effect.andThen(
      this.phase._tag === "Failed" ? this.enter({ _tag: "Idle" }) : Effect.void,
      Effect.map(this.fork(this.drive), (driver) => {
        hold.driver = driver
        return hold
      })
    )
  }

  private drop(hold: Hold): Effect.Effect<void> {
    return Effect.suspend(() => {
      hold.holders--
      const isHeld = hold.holders > 0 || !Number.isFinite(this.idleMillis)
      if (isHeld || hold !== this.hold || this.phase._tag === "Closed") return Effect.void
      return Effect.map(this.fork(Effect.andThen(Effect.sleep(this.idleMillis), this.rest(hold))), (idling) => {
        hold.idling = idling
      })
    })
  }

  /** Nobody is left who needs it. */
  private rest(hold: Hold): Effect.Effect<void> {
    return Effect.uninterruptible(Effect.suspend(() => {
      if (hold !== this.hold || hold.holders > 0) return Effect.void
      this.hold = undefined
      return Effect.andThen(
        this.enter({ _tag: "Idle" }),
        hold.driver === undefined ? Effect.void : Fiber.interrupt(hold.driver)
      )
    }))
  }

  /** Runs something until the client is closed; it logs where whoever asked for it does. */
  private fork<A>(effect: Effect.Effect<A, never, Constructor>): Effect.Effect<Fiber.Fiber<A>> {
    return Effect.forkIn(Effect.provideService(effect, WebSocketConstructor, this.webSockets), this.scope)
  }

  /** Does what the phase asks for, until nothing is left to do. */
  private get drive(): Effect.Effect<void, never, Constructor> {
    return Effect.gen({ self: this }, function*() {
      yield* this.happen({ _tag: "Wanted" })
      while (true) {
        const { phase } = this
        switch (phase._tag) {
          case "Dialling":
            yield* this.dial(phase.plan)
            break
          case "Waiting":
            yield* Effect.raceFirst(Effect.sleep(phase.delayMillis), this.stirred)
            yield* this.happen({ _tag: "Elapsed" })
            break
          case "Renewing":
            yield* this.renew(phase.reason)
            break
          case "Failed":
            return this.fanout.end(new SubscriptionError({ method: "attach", reason: phase.reason }))
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
      return this.state.set(view(next))
    })
  }

  private happen(happening: Happening): Effect.Effect<void> {
    return Effect.suspend(() => this.enter(step(this.phase, happening, this.backoff)))
  }

  private dial(plan: Extract<Phase, { readonly _tag: "Dialling" }>["plan"]) {
    return Effect.gen({ self: this }, function*() {
      const { credentials, fanout, hints, session } = this
      this.token = yield* credentials.current
      const ended = yield* Session.run(session, {
        token: this.token,
        currentToken: credentials.current,
        resume: plan.resume,
        session: this.sessions + 1,
        onToken: credentials.watch,
        onReady: (resume, resumed) => {
          this.sessions++
          return this.happen({ _tag: "Ready", resume, resumed })
        },
        onExpiry: credentials.expires,
        onHint: hints,
        onSignals: (signals) => fanout.emit(signals)
      })
      yield* session.telemetry.debug("the session ended", [ended.ending, ended.reason.message], {
        "signalwire.session": this.sessions,
        "signalwire.reason": ended.reason._tag
      })
      yield* this.happen({ _tag: "Ended", ...ended, chance: yield* Random.next })
    })
  }

  private renew(refusal: Reason.Reason) {
    return Effect.matchEffect(this.credentials.renew(this.token), {
      onSuccess: () => this.happen({ _tag: "Renewed" }),
      onFailure: ({ isRetryable, message }) =>
        Effect.gen({ self: this }, function*() {
          const detail = `${refusal._tag === "Unauthorized" ? refusal.detail : refusal.message} (${message})`
          yield* this.session.telemetry.warn(message, [])
          const reason = new Reason.Unauthorized({ detail, isRetryable })
          yield* this.happen({ _tag: "RenewalFailed", reason, chance: yield* Random.next })
        })
    })
  }

  /** Waits for a hint of the platform, or another token than that of the last dial. */
  private get stirred(): Effect.Effect<void> {
    const { credentials, hints, token } = this
    return Effect.scoped(Effect.gen(function*() {
      const stirs = new Mailbox<void>()
      const stir = () => stirs.add(undefined)
      yield* hints(stir)
      yield* credentials.watch(stir)
      if (Equal.equals(yield* credentials.current, token)) yield* stirs.take
    }))
  }
}

const failed = (reason: Reason.Reason) => Effect.fail(new SubscriptionError({ method: "ready", reason }))

const isReady = (current: ConnectionState): Effect.Effect<boolean, SubscriptionError> =>
  ConnectionState.$match(current, {
    Idle: () => Effect.succeed(false),
    Connecting: () => Effect.succeed(false),
    Connected: () => Effect.succeed(true),
    // those who have begun wait until it can be renewed; those who begin are told
    Reconnecting: ({ reason }) =>
      reason._tag === "Unauthorized" && reason.isRetryable ? failed(reason) : Effect.succeed(false),
    Failed: ({ reason }) => failed(reason),
    Closed: () => failed(new Reason.Closed())
  })

/** Waits until it is ready. */
const ready = ({ pull }: Watched.Watched<ConnectionState>): Effect.Effect<void, SubscriptionError> =>
  Effect.scoped(Effect.gen(function*() {
    const states = yield* pull
    while (true) {
      for (const state of yield* Effect.orDie(states)) {
        if (yield* isReady(state)) return
      }
    }
  }))

/** The events among the signals. */
const heard = (
  signals: Attachment["signals"]
): Pull.Pull<Arr.NonEmptyReadonlyArray<ConversationEvent>, SubscriptionError> =>
  Effect.flatMap(signals, (batch) => {
    const events = batch.flatMap((signal) => signal._tag === "Event" ? [signal.event] : [])
    return Arr.isArrayNonEmpty(events) ? Effect.succeed(events) : heard(signals)
  })

/** {@link make}, for those who say whom it tells of what it does. */
export const makeTelling = Effect.fnUntraced(function*(
  options: Options,
  telemetry: Telemetry.Telemetry
): Effect.fn.Return<Service, never, Credentials | Constructor | Scope.Scope> {
  const credentials = yield* Credentials
  const context = yield* Effect.context<Constructor | Scope.Scope>()
  const life = new Life(options, credentials, context, yield* credentials.current, telemetry)
  yield* Effect.addFinalizer(() => life.close)
  const { attach } = life
  return Subscription.of({
    attach,
    observe: (callback) => life.fanout.observe(callback),
    events: Stream.unwrap(Effect.map(attach, ({ signals }) => Stream.fromPull(Effect.succeed(heard(signals))))),
    ready: ready(life.state),
    sessions: Effect.sync(() => life.sessions),
    connection: life.state.get,
    connectionChanges: life.state.changes
  })
})

/** Builds the service. It dials when the first subscriber attaches, and stops with the scope. */
export const make = (
  options: Options
): Effect.Effect<Service, never, Credentials | Constructor | Scope.Scope> => makeTelling(options, Telemetry.effect)

/** The service over the `WebSocketConstructor` of the context. */
export const layer = (options: Options): Layer.Layer<Subscription, never, Credentials | Constructor> =>
  Layer.effect(Subscription, make(options))
