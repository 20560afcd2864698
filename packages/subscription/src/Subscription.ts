/**
 * The `Subscription` module receives conversation events as they happen. It keeps one session with the server over a
 * WebSocket, resumes it after interruptions, re-authenticates it when the token changes, and shares it between any
 * number of subscribers.
 *
 * It has no history: a `Discontinuity` among the signals marks where events may be missing. `Conversations`, in the
 * package `@effect-signalwire/conversation`, reads those from history.
 *
 * @since 0.1.0
 */
import { Credentials } from "@effect-signalwire/runtime/Credentials"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Settings from "@effect-signalwire/runtime/Settings"
import * as Streams from "@effect-signalwire/runtime/Streams"
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import type { WebSocketConstructor as Constructor } from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import type { ConnectionState } from "./ConnectionState.ts"
import { ConnectionDriver } from "./internal/connectionDriver.ts"
import type { Subscriber } from "./internal/fanout.ts"
import { backoffOf, idleMillisOf, type Options, timingsOf } from "./internal/options.ts"
import { SessionManager } from "./internal/sessionManager.ts"
import { WebSocketConstructor } from "./internal/webSocketConstructor.ts"
import type { Signal } from "./Signal.ts"
import type { SubscriptionError } from "./SubscriptionError.ts"
import { Wake } from "./Wake.ts"

export type { Subscriber } from "./internal/fanout.ts"
export type { BackoffBounds, Options } from "./internal/options.ts"

/** The methods of the service. */
export interface Service {
  /**
   * Adds a subscriber, which receives every signal from now on until the scope closes. It does not wait for a session:
   * the first subscriber opens one, which closes `idleTimeToLive` after the last one has left. Its `signals` fail when
   * the state of the connection becomes `Failed`, and end when the client is closed. Fails with `Closed` if the client
   * is already closed.
   */
  readonly subscribe: Effect.Effect<Subscriber, SubscriptionError, Scope.Scope>
  /**
   * Streams every batch of signals, as it is emitted, without opening a session: the newest 1024 for a consumer that does
   * not keep up. It never ends or fails.
   */
  readonly signals: Stream.Stream<ReadonlyArray<Signal>>
  /**
   * Streams events as they happen. Events that happen while there is no session are missing. Fails when the state of
   * the connection becomes `Failed`, ends when the client is closed, and fails with `Closed` if it is run after that.
   */
  readonly events: Stream.Stream<ConversationEvent, SubscriptionError>
  /**
   * Waits until a session is ready, without a time limit, and opens one if there is none. Fails with the reason of the
   * state when that becomes `Failed`, and with `Closed` when the client is closed.
   */
  readonly ready: Effect.Effect<void, SubscriptionError>
  /**
   * Dials now, within the limit of `dialsPerMinute`: it ends the wait before the next dial, or replaces the session. It
   * completes without waiting for the new session. Fails with `Closed` if the client is closed.
   */
  readonly reconnect: Effect.Effect<void, SubscriptionError>
  /**
   * Completes at the next good moment to retry what failed: the platform signals `wake`, the token is replaced, or a
   * session becomes ready. There is no time limit; race it with a delay.
   */
  readonly awaitWake: Effect.Effect<void>
  /**
   * Returns how many sessions have become ready so far. History that is read from now on covers each `Discontinuity`
   * with the cause `connected` up to that session.
   */
  readonly sessionCount: Effect.Effect<number>
  /** The state of the connection. */
  readonly connection: {
    /** The current state. */
    readonly current: Effect.Effect<ConnectionState>
    /** The current state, followed by each change: the newest 1024 for a consumer that does not keep up. */
    readonly changes: Stream.Stream<ConnectionState>
  }
}

/** The service that receives conversation events as they happen. */
export class Subscription extends Context.Service<Subscription, Service>()(
  "@effect-signalwire/subscription/Subscription"
) {}

const pullEvents = (
  signals: Subscriber["signals"]
): Pull.Pull<Arr.NonEmptyReadonlyArray<ConversationEvent>, SubscriptionError> =>
  Effect.flatMap(signals, (batch) => {
    const events = batch.flatMap((signal) => signal._tag === "Event" ? [signal.event] : [])
    return Arr.isArrayNonEmpty(events) ? Effect.succeed(events) : pullEvents(signals)
  })

/**
 * Builds the service like {@link make}. Its spans and logs are discarded, unless the context has an `Instrumentation`:
 * this makes the smallest bundles for browsers.
 *
 * @category constructors
 */
export const makeBare = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Service, never, Credentials | Constructor | Scope.Scope> {
  const credentials = yield* Credentials
  const instrumentation = yield* Instrumentation.Instrumentation
  const driver = new ConnectionDriver({
    session: {
      url: options.endpoint.ws,
      agent: options.agent ?? Instrumentation.defaultName,
      timings: timingsOf(options),
      addressOf: options.addressOf,
      credentials,
      instrumentation: instrumentation.forService("Subscription", options.endpoint.ws)
    },
    ...backoffOf(options),
    dialsPerMinute: Settings.count("dialsPerMinute", options.dialsPerMinute ?? 10),
    capacity: Settings.count("capacity", options.capacity ?? 4096),
    wakeSignals: yield* Wake,
    token: yield* credentials.current
  })
  const manager = new SessionManager(driver, {
    idleMillis: idleMillisOf(options),
    webSockets: yield* WebSocketConstructor,
    scope: yield* Effect.scope
  })
  yield* Effect.addFinalizer(() => manager.close)
  yield* driver.listen
  const { connectionState } = driver
  // getters, since a process may have thousands of clients, most of which use few of the members
  return Subscription.of({
    get subscribe() {
      return manager.subscribe
    },
    get signals() {
      return Streams.fromListen<ReadonlyArray<Signal>>((callback) => driver.fanout.observe(callback))
    },
    get events() {
      return Stream.unwrap(
        Effect.map(manager.subscribe, ({ signals }) => Stream.fromPull(Effect.succeed(pullEvents(signals))))
      )
    },
    get ready() {
      return manager.ready
    },
    get reconnect() {
      return manager.reconnect
    },
    get awaitWake() {
      return driver.triggers.nextRetry
    },
    get sessionCount() {
      return Effect.sync(() => driver.sessionCount)
    },
    connection: {
      get current() {
        return connectionState.get
      },
      get changes() {
        return connectionState.changes
      }
    }
  })
})

/**
 * Builds the service. It opens a session when that is needed, and is closed with the scope. Its spans and logs go to the
 * `Instrumentation` of the context, or to Effect's tracer and loggers. Dies with `Invalid`, which names the option, if a
 * duration or a number among the options is invalid.
 *
 * @category constructors
 */
export const make = (
  options: Options
): Effect.Effect<Service, never, Credentials | Constructor | Scope.Scope> =>
  Instrumentation.forClient(options.name ?? options.agent)(makeBare(options))

/** Provides the service, over the `WebSocketConstructor` and the `Credentials` of the context. */
export const layer = (options: Options): Layer.Layer<Subscription, never, Credentials | Constructor> =>
  Layer.effect(Subscription, make(options))
