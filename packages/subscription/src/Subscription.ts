/**
 * The live side of the Conversation namespace: one session with the server over a WebSocket, resumed after every
 * interruption, re-authenticated when the token changes, and shared by many Streams.
 *
 * It signals when events may be missing (`Signal.Lapse`); `Conversations` reads those back from history.
 *
 * @since 0.1.0
 */
import { Credentials } from "@effect-signalwire/runtime/Credentials"
import type { Endpoint } from "@effect-signalwire/runtime/Endpoint"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { AddressOf } from "@effect-signalwire/schema/ConversationMessage"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import type { WebSocketConstructor as Constructor } from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import type { ConnectionState } from "./ConnectionState.ts"
import * as Backoff from "./internal/backoff.ts"
import { WebSocketConstructor } from "./internal/constructor.ts"
import type { Subscriber } from "./internal/fanout.ts"
import { SessionManager } from "./internal/sessionManager.ts"
import type { Signal } from "./Signal.ts"
import type { SubscriptionError } from "./SubscriptionError.ts"
import { Wake } from "./Wake.ts"

export type { Subscriber as Attachment } from "./internal/fanout.ts"

/** What the service offers. */
export interface Service {
  /**
   * Attaches a subscriber, which receives every signal from now on, until the scope closes. It does not wait for a
   * session: the first subscriber opens one, which closes `idleTimeToLive` after the last left. Its `signals` fail when
   * the state becomes `Failed`, and end when the client is closed. Fails with `Closed` once the client is closed.
   */
  readonly subscribe: Effect.Effect<Subscriber, SubscriptionError, Scope.Scope>
  /**
   * Calls back with every batch of signals, as it is emitted, until the scope closes. It opens no session; the callback
   * must neither block nor throw.
   */
  readonly observe: (
    callback: (signals: ReadonlyArray<Signal>) => void
  ) => Effect.Effect<void, never, Scope.Scope>
  /**
   * Events as they happen. What happens while there is no session is not among them. Fails when the state becomes
   * `Failed`, and with `Closed` when it begins after the client was closed; see {@link subscribe}.
   */
  readonly events: Stream.Stream<ConversationEvent, SubscriptionError>
  /**
   * Waits until a session is up, without a limit, and opens one where nothing subscribes. Fails with the reason of the
   * state when that becomes `Failed`, and with `Closed` when the client is closed.
   */
  readonly ready: Effect.Effect<void, SubscriptionError>
  /**
   * Dials now, within the limit of `dialsPerMinute`: ends the wait before the next dial, or replaces the session. It
   * completes without waiting for the new session. Fails with `Closed` once the client is closed.
   */
  readonly reconnect: Effect.Effect<void, SubscriptionError>
  /**
   * Completes at the next good moment to try again what failed: the platform sends the signal `wake`, the token was
   * replaced, or a session became ready. It never completes by itself; race it with a pause.
   */
  readonly awaitWake: Effect.Effect<void>
  /**
   * How many sessions have become ready so far: history that is read from now on covers the `connected` lapses up to
   * that number.
   */
  readonly sessions: Effect.Effect<number>
  /** The state of the connection now. */
  readonly connection: Effect.Effect<ConnectionState>
  /** The state of the connection now, then each change. */
  readonly connectionChanges: Stream.Stream<ConnectionState>
  /**
   * Calls back with each state that replaces the one before it, as it does, until the scope closes; the callback must
   * not throw.
   */
  readonly watchConnection: (
    callback: (state: ConnectionState) => void
  ) => Effect.Effect<void, never, Scope.Scope>
}

/** The live side of the Conversation namespace. */
export class Subscription extends Context.Service<Subscription, Service>()(
  "@effect-signalwire/subscription/Subscription"
) {}

/** Where the socket is, and how sessions on it are kept. A number as a duration is milliseconds. */
export interface Options {
  /** Where the service is. */
  readonly endpoint: Endpoint
  /** What the client calls itself to the server. @default "effect-signalwire" */
  readonly agent?: string | undefined
  /** How long opening the socket, and then authenticating on it, may each take. @default "10 seconds" */
  readonly connectTimeout?: Duration.Input | undefined
  /** How long any other request on the socket may wait for its answer. @default "10 seconds" */
  readonly requestTimeout?: Duration.Input | undefined
  /**
   * After this much silence the server is pinged, after twice as much the session counts as lost.
   * @default "10 seconds"
   */
  readonly heartbeat?: Duration.Input | undefined
  /**
   * How many dials a minute it makes at most in the long run, whatever asks for them: that many at once, and then one
   * every 60 seconds divided by it. Leave it as it is, except in tests that break connections all the time.
   * @default 10
   */
  readonly dialsPerMinute?: number | undefined
  /**
   * How long the server may take for a sign of life after a signal of the platform, see `Wake`.
   * @default "2 seconds"
   */
  readonly probeTimeout?: Duration.Input | undefined
  /** How long the session stays open after its last subscriber left. @default "30 seconds" */
  readonly idleTimeToLive?: Duration.Input | undefined
  /**
   * The waits between dials: doubling, with full jitter, so that the first is between 0 and `base`, and none is above
   * `cap`. They begin anew after a session that was up for `resetAfter`. A server that asks for more time gets it, and
   * `dialsPerMinute` holds however short they are.
   * @default 500 ms, 30 s, 30 s
   */
  readonly backoff?: {
    readonly base: Duration.Input
    readonly cap: Duration.Input
    readonly resetAfter?: Duration.Input | undefined
  } | undefined
  /**
   * How many signals may wait for one subscriber; of more, it gets a `Lapse` instead, and history has the rest.
   * @default 4096
   */
  readonly capacity?: number | undefined
  /** Returns the address of a group, which events of the group dialect leave out. @default no address is known */
  readonly addressOf?: AddressOf | undefined
}

const millis = (input: Duration.Input | undefined, fallback: Duration.Input): number =>
  Duration.toMillis(Duration.fromInputUnsafe(input ?? fallback))

/** The events among the signals. */
const heard = (
  signals: Subscriber["signals"]
): Pull.Pull<Arr.NonEmptyReadonlyArray<ConversationEvent>, SubscriptionError> =>
  Effect.flatMap(signals, (batch) => {
    const events = batch.flatMap((signal) => signal._tag === "Event" ? [signal.event] : [])
    return Arr.isArrayNonEmpty(events) ? Effect.succeed(events) : heard(signals)
  })

/** {@link make} with a `Telemetry` of your own for spans and logs. */
export const makeTelling = Effect.fnUntraced(function*(
  options: Options,
  telemetry: Instrumentation.Instrumentation
): Effect.fn.Return<Service, never, Credentials | Constructor | Scope.Scope> {
  const credentials = yield* Credentials
  const { backoff, connectTimeout } = options
  const manager = new SessionManager({
    session: {
      url: options.endpoint.ws,
      agent: options.agent ?? "effect-signalwire",
      requestCapacity: 64,
      addressOf: options.addressOf,
      telemetry,
      timings: {
        open: millis(connectTimeout, "10 seconds"),
        connect: millis(connectTimeout, "10 seconds"),
        request: millis(options.requestTimeout, "10 seconds"),
        heartbeat: millis(options.heartbeat, "10 seconds"),
        probe: millis(options.probeTimeout, "2 seconds")
      }
    },
    backoff: Backoff.make({
      baseMillis: millis(backoff?.base, "500 millis"),
      capMillis: millis(backoff?.cap, "30 seconds")
    }),
    dialsPerMinute: options.dialsPerMinute ?? 10,
    lastingMillis: millis(backoff?.resetAfter, "30 seconds"),
    idleMillis: millis(options.idleTimeToLive, "30 seconds"),
    capacity: options.capacity ?? 4096,
    credentials,
    webSockets: yield* WebSocketConstructor,
    hints: yield* Wake,
    scope: yield* Effect.scope,
    token: yield* credentials.current
  })
  yield* Effect.addFinalizer(() => manager.close)
  yield* manager.listen
  const { state } = manager
  // made when they are asked for: a process may have thousands of clients, and most are never asked for most of it
  return Subscription.of({
    get subscribe() {
      return manager.attach
    },
    observe: (callback) => manager.fanout.observe(callback),
    get events() {
      const signals = Effect.map(manager.attach, ({ signals }) => Stream.fromPull(Effect.succeed(heard(signals))))
      return Stream.unwrap(signals)
    },
    get ready() {
      return manager.ready
    },
    get reconnect() {
      return manager.reconnect
    },
    get awaitWake() {
      return manager.awaitWake
    },
    get sessions() {
      return Effect.sync(() => manager.sessions)
    },
    get connection() {
      return state.get
    },
    get connectionChanges() {
      return state.changes
    },
    watchConnection: (callback) => state.watch(callback)
  })
})

/**
 * Builds the service. It dials when something subscribes, waits for `ready` or asks to `reconnect`, and is closed with
 * the scope.
 */
export const make = (
  options: Options
): Effect.Effect<Service, never, Credentials | Constructor | Scope.Scope> =>
  makeTelling(options, Instrumentation.effect)

/** The service over the `WebSocketConstructor` of the context. */
export const layer = (options: Options): Layer.Layer<Subscription, never, Credentials | Constructor> =>
  Layer.effect(Subscription, make(options))
