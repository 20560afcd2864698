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
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Watched from "@effect-signalwire/schema/Watched"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as RcRef from "effect/RcRef"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { WebSocketConstructor } from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import { ConnectionState } from "./ConnectionState.ts"
import * as Backoff from "./internal/backoff.ts"
import * as Fanout from "./internal/fanout.ts"
import type { Attachment } from "./internal/fanout.ts"
import { type Happening, type Phase, step } from "./internal/phase.ts"
import * as Session from "./internal/session.ts"
import type { Signal } from "./Signal.ts"
import { SubscriptionError } from "./SubscriptionError.ts"
import { Wake } from "./Wake.ts"

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

/** Builds the service. It dials when the first subscriber attaches, and stops with the scope. */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Service, never, Credentials | WebSocketConstructor | Scope.Scope> {
  const credentials = yield* Credentials
  const woken = Stream.runHead(yield* Wake)
  const backoff = Backoff.make({
    baseMillis: millis(options.backoff?.base, "500 millis"),
    capMillis: millis(options.backoff?.cap, "30 seconds")
  })
  const session: Session.Options = {
    url: options.endpoint.ws,
    agent: options.agent ?? "effect-signalwire",
    requestCapacity: 64,
    addressOf: options.addressOf,
    timings: {
      open: millis(options.connectTimeout, "10 seconds"),
      connect: millis(options.connectTimeout, "10 seconds"),
      request: millis(options.requestTimeout, "10 seconds"),
      heartbeat: millis(options.heartbeat, "10 seconds")
    }
  }
  const fanout = Fanout.make(options.capacity ?? 4096)
  const state = Watched.make<ConnectionState>(ConnectionState.Idle())
  let phase: Phase = { _tag: "Idle" }
  let sessions = 0

  const enter = (next: Phase): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (next === phase) return Effect.void
      phase = next
      return state.set(view(next))
    })
  const happen = (happening: Happening): Effect.Effect<void> =>
    Effect.suspend(() => enter(step(phase, happening, backoff)))

  /** The token of the last dial: the one to renew when it is refused, which REST may have renewed meanwhile. */
  let token = yield* credentials.current

  const dial = Effect.fnUntraced(function*(plan: Extract<Phase, { readonly _tag: "Dialling" }>["plan"]) {
    token = yield* credentials.current
    const ended = yield* Session.run(session, {
      token,
      resume: plan.resume,
      session: sessions + 1,
      tokens: credentials.changes,
      onReady: (resume, resumed) => {
        sessions++
        return happen({ _tag: "Ready", resume, resumed })
      },
      onExpiry: credentials.expires,
      woken,
      onSignals: fanout.emit
    })
    yield* Effect.logDebug("the session ended", ended.ending, ended.reason.message).pipe(
      Effect.annotateLogs({ "signalwire.session": sessions, "signalwire.reason": ended.reason._tag })
    )
    yield* happen({ _tag: "Ended", ...ended, chance: yield* Random.next })
  })

  /** There is another token than the one of the last dial. */
  const replaced = Stream.runHead(Stream.filter(credentials.changes, (current) => !Equal.equals(current, token)))

  const renew = (refusal: Reason.Reason) =>
    Effect.matchEffect(Effect.suspend(() => credentials.renew(token)), {
      onSuccess: () => happen({ _tag: "Renewed" }),
      onFailure: Effect.fnUntraced(function*({ isRetryable, message }) {
        const detail = `${refusal._tag === "Unauthorized" ? refusal.detail : refusal.message} (${message})`
        yield* Effect.logWarning(message)
        const reason = new Reason.Unauthorized({ detail, isRetryable })
        yield* happen({ _tag: "RenewalFailed", reason, chance: yield* Random.next })
      })
    })

  /** Does what the phase asks for, until nothing is left to do. */
  const drive = Effect.gen(function*() {
    yield* happen({ _tag: "Wanted" })
    while (true) {
      const current: Phase = phase
      switch (current._tag) {
        case "Dialling":
          yield* dial(current.plan)
          break
        case "Waiting":
          yield* Effect.raceAllFirst([Effect.sleep(current.delayMillis), woken, replaced])
          yield* happen({ _tag: "Elapsed" })
          break
        case "Renewing":
          yield* renew(current.reason)
          break
        case "Failed":
          return yield* fanout.end(new SubscriptionError({ method: "attach", reason: current.reason }))
        case "Idle":
        case "Online":
        case "Closed":
          return
      }
    }
  })

  yield* Effect.addFinalizer(() => Effect.andThen(happen({ _tag: "Closing" }), fanout.end()))
  /** Which drive is at work: those who still hold one that failed must not end the one after it. */
  let drives = 0
  const connection = yield* RcRef.make({
    acquire: Effect.acquireRelease(
      Effect.suspend(() => Effect.as(Effect.forkScoped(drive), ++drives)),
      (mine) => mine === drives && phase._tag !== "Closed" ? enter({ _tag: "Idle" }) : Effect.void
    ),
    idleTimeToLive: options.idleTimeToLive ?? "30 seconds"
  })

  const attach: Service["attach"] = Effect.gen(function*() {
    const attachment = yield* fanout.attach
    if (phase._tag === "Failed") yield* RcRef.invalidate(connection)
    yield* RcRef.get(connection)
    return attachment
  })

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
  const ready = state.changes.pipe(
    Stream.mapEffect(isReady),
    Stream.takeUntil((done) => done),
    Stream.runDrain
  )

  return Subscription.of({
    attach,
    observe: fanout.observe,
    events: Stream.unwrap(Effect.map(attach, ({ signals }) => signals)).pipe(
      Stream.filterMap((signal) => signal._tag === "Event" ? Result.succeed(signal.event) : Result.fail(signal))
    ),
    ready,
    sessions: Effect.sync(() => sessions),
    connection: state.get,
    connectionChanges: state.changes
  })
})

/** The service over the `WebSocketConstructor` of the context. */
export const layer = (options: Options): Layer.Layer<Subscription, never, Credentials | WebSocketConstructor> =>
  Layer.effect(Subscription, make(options))
