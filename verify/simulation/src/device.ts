/** A process of a subscriber: the complete client, with its own network, platform and clock. */
import { Conversations } from "@effect-signalwire/conversation/Conversations"
import * as ConversationsModule from "@effect-signalwire/conversation/Conversations"
import * as Outbox from "@effect-signalwire/conversation/Outbox"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import * as Streams from "@effect-signalwire/runtime/Streams"
import type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import { Wake, type WakeSignal } from "@effect-signalwire/subscription/Wake"
import * as MemoryBackend from "@effect-signalwire/testing/MemoryBackend"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Socket from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import type { Coverage } from "./coverage/Coverage.ts"
import type { Environment } from "./environment.ts"
import type { DeviceClock } from "./eventLoop.ts"
import type { Mutation } from "./mutation.ts"
import type { Network } from "./network.ts"
import { type ExceptionInjector, PlatformException } from "./platform.ts"
import type { RequestRates } from "./requestRates.ts"
import type { Server } from "./server.ts"

export type Tuning =
  & ConversationsModule.ServiceOptions
  & Pick<ConversationsModule.ConnectOptions, "subscription" | "http" | "dialect">

export interface Account {
  readonly id: string
  readonly name: string
  readonly addressId: string
}

export interface IssuedToken {
  readonly token: string
  /** Unix seconds. */
  readonly expiresAt: number
}

/**
 * What the application's refresh function does. `same` returns the refused token, `garbage` an empty string, `unknown` a
 * token that the server does not know, and `none` fails for good because there is no other token.
 */
export type RefreshBehavior = "succeeds" | typeof failingRefreshes[number]
export const failingRefreshes = ["hangs", "throws", "fails", "same", "garbage", "unknown", "none"] as const

export interface DeviceOptions {
  readonly name: string
  readonly account: Account
  readonly issued: IssuedToken
  readonly tuning: Tuning
  readonly environment: Environment
  readonly clock: DeviceClock
  readonly network: Network
  readonly exceptions: ExceptionInjector
  readonly rates: RequestRates
  readonly server: Server
  /** Where its outbox stores messages; `undefined` for a device without an outbox. */
  readonly queues: Layer.Layer<PersistedQueue.PersistedQueueStore> | undefined
  readonly onOutboxEvent: (event: Outbox.OutboxEvent) => void
  /** Runs a dial on behalf of this device. */
  readonly dialler: (dial: () => Socket.WebSocketLike) => Socket.WebSocketLike
  readonly mutation: Mutation | undefined
  readonly coverage: Coverage
  readonly now: () => number
  readonly note: (text: string) => void
  readonly fail: (failure: string) => void
}

export class Device {
  readonly options: DeviceOptions
  readonly scope: Scope.Closeable = Scope.makeUnsafe()
  /** Closed after `scope`, since the outbox still reports events while its own scope closes. */
  readonly #outboxEventsScope: Scope.Closeable = Scope.makeUnsafe()
  readonly client: ConversationsModule.Service
  readonly outbox: Outbox.Service | undefined
  refreshBehavior: RefreshBehavior = "succeeds"
  /** A refresh has failed for good: the device waits for the application to call `updateToken`. */
  hasNoToken = false
  token: string
  renewedAt = Number.NEGATIVE_INFINITY
  readonly #credentials: Credentials.Service
  /** The client's listeners for wake signals. */
  readonly #wakeListeners = new Set<(signal: WakeSignal) => void>()
  /** Tokens that a refresh has replaced. */
  readonly #replaced = new Set<string>()
  #pendingRefreshes = 0
  /** When its tokens expire, Unix milliseconds. */
  readonly #expirations: Array<number> = []
  readonly #closeListeners: Array<() => void> = []

  constructor(options: DeviceOptions) {
    this.options = options
    const { environment, issued, network, tuning } = options
    this.token = issued.token
    this.#expirations.push(issued.expiresAt * 1000)
    const transports = Layer.merge(
      Layer.succeed(HttpClient.HttpClient, network.requests.client),
      Layer.succeed(Socket.WebSocketConstructor, (url) => network.sockets.dial(url, options.dialler))
    )
    const refresh = options.mutation === "retryRefreshAtOnce"
      ? Effect.retry(this.#refresh, { times: 10 })
      : this.#refresh
    const credentials = Credentials.layer({ token: Redacted.make(issued.token), refresh })
    const services = environment.runSync(
      ConversationsModule.layerCredentials({
        ...mutatedTuning(tuning, options.mutation),
        urls: MemoryBackend.endpoint
      }).pipe(
        Layer.provideMerge(credentials),
        Layer.provide(transports),
        Layer.buildWithScope(this.scope),
        Effect.provideService(Wake, this.#wakeSignals)
      )
    )
    this.client = Context.get(services, Conversations)
    this.#credentials = Context.get(services, Credentials.Credentials)
    this.outbox = options.queues &&
      environment.runSync(this.#openOutbox(options.queues, Layer.succeedContext(services)))
  }

  readonly #openOutbox = Effect.fnUntraced({ self: this }, function*(
    this: Device,
    queues: Layer.Layer<PersistedQueue.PersistedQueueStore>,
    services: Layer.Layer<ConversationsModule.Services>
  ) {
    const context = yield* Outbox.layer().pipe(
      Layer.provide([PersistedQueue.layer.pipe(Layer.provide(queues)), services]),
      Layer.buildWithScope(this.scope)
    )
    const outbox = Context.get(context, Outbox.Outbox)
    yield* Stream.runForEach(outbox.events, (event) => Effect.sync(() => this.options.onOutboxEvent(event))).pipe(
      Effect.forkIn(this.#outboxEventsScope, { startImmediately: true })
    )
    return outbox
  })

  // Tokens

  readonly #refresh = Effect.suspend(() => {
    const { clock, fail, name, network, note, rates } = this.options
    const started = this.token
    // a resumed session reports when its first token expires, and the device's clock may be wrong
    const now = clock.service.currentTimeMillisUnsafe()
    const isExpiring = clock.wasAdjusted() || this.#expirations.some((at) => at - now < 65_000 && at - now > -320_000)
    // a failed refresh is retried
    if (network.sockets.wasTokenRefused || isExpiring) network.requests.refusedTokens.add(started)
    if (!network.requests.refusedTokens.has(started)) fail(`${name} refreshes a token that was not refused (P6.4)`)
    note(`${name} refreshes its token`)
    network.sockets.wasTokenRefused = false
    rates.onRefresh()
    if (++this.#pendingRefreshes > 1) fail(`${name} runs two refreshes at the same time (P6.4)`)
    return Effect.sleep(50).pipe(
      Effect.andThen(Effect.suspend(() => this.#newToken(started))),
      Effect.tap((token) =>
        Effect.sync(() => {
          if (this.token !== started || Redacted.value(token) === "") return
          if (this.#replaced.has(started)) fail(`${name} replaces the same token twice (P6.4)`)
          if (Redacted.value(token) === started) return
          this.#replaced.add(started)
          this.token = Redacted.value(token)
          this.renewedAt = this.options.now()
          rates.onWake()
          note(`${name} has a new token`)
        })
      ),
      Effect.ensuring(Effect.sync(() => {
        this.#pendingRefreshes--
      }))
    )
  })

  #newToken(started: string): Effect.Effect<Redacted.Redacted, { readonly isRetryable: boolean }> {
    const { account, coverage, server: { running } } = this.options
    coverage.reach("conditions", `a refresh ${this.refreshBehavior}`)
    switch (this.refreshBehavior) {
      case "hangs":
        return Effect.never
      case "throws":
        throw new PlatformException("the refresh function of the application throws")
      case "same":
        return Effect.succeed(Redacted.make(started))
      case "garbage":
        return Effect.succeed(Redacted.make(""))
      case "unknown":
        return Effect.succeed(Redacted.make(`${started}x`))
      case "none":
        this.hasNoToken = true
        return Effect.fail({ isRetryable: false })
      case "fails":
        return Effect.fail({ isRetryable: true })
      case "succeeds":
        return running === undefined ? Effect.fail({ isRetryable: true }) : running.backend.mint(account.id).pipe(
          Effect.mapError(() => ({ isRetryable: true })),
          Effect.map(({ expiresAt, token }) => {
            this.#expirations.push(expiresAt * 1000)
            return Redacted.make(token)
          })
        )
    }
  }

  /** The application replaces the token. */
  updateToken({ expiresAt, token }: IssuedToken): void {
    const { rates, environment, mutation } = this.options
    this.#expirations.push(expiresAt * 1000)
    this.hasNoToken = false
    this.token = token
    this.renewedAt = this.options.now()
    rates.onWake()
    if (mutation !== "ignoreNewToken") environment.runSync(this.#credentials.replace(Redacted.make(token)))
  }

  // Wake signals

  get #wakeSignals(): Stream.Stream<WakeSignal> {
    return Streams.fromListen((listener) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          this.options.exceptions.maybeThrow("addEventListener")
          this.#wakeListeners.add(listener)
        }),
        () => Effect.sync(() => this.#wakeListeners.delete(listener))
      )
    )
  }

  signal(signal: WakeSignal): void {
    if (signal === "wake") this.options.rates.onWake()
    for (const listener of this.#wakeListeners) listener(signal)
  }

  /** The connection state that the client reports. */
  get connection(): ConnectionState {
    const state = Effect.runSync(this.client.connection.current)
    return this.options.mutation === "reportConnected" && state._tag !== "Idle"
      ? { _tag: "Connected", resumed: true, catchingUp: false, reason: null }
      : state
  }

  /** Registers a function to run when the process ends. */
  onClose(end: () => void): void {
    this.#closeListeners.push(end)
  }

  /** Ends the process by closing its scope. */
  close(): void {
    for (const end of this.#closeListeners) end()
    this.options.environment.fork(
      Effect.andThen(Scope.close(this.scope, Exit.void), Scope.close(this.#outboxEventsScope, Exit.void))
    )
  }

  /** The resources that are still open; empty when there are none. */
  leaks(): ReadonlyArray<string> {
    const { clock, network } = this.options
    return [
      ...clock.pendingTimers() > 0 ? [`${clock.pendingTimers()} timers`] : [],
      ...network.sockets.openCount > 0 ? [`${network.sockets.openCount} sockets`] : [],
      ...network.requests.pendingCount > 0 ? [`${network.requests.pendingCount} requests`] : [],
      ...this.#wakeListeners.size > 0 ? [`${this.#wakeListeners.size} listeners`] : []
    ]
  }
}

/** The tuning of a client that sends too many requests. */
const mutatedTuning = (tuning: Tuning, mutation: Mutation | undefined): Tuning => {
  switch (mutation) {
    case "dialWithoutLimit":
      return { ...tuning, subscription: { ...tuning.subscription, dialsPerMinute: 600 } }
    case "readWithoutPause":
      return { ...tuning, sweep: { min: "1 second", max: "1 second" } }
    default:
      return tuning
  }
}
