/** A process of a subscriber: the whole client, over a network, a platform and a clock of its own. */
import { Conversations } from "@effect-signalwire/conversation/Conversations"
import * as ConversationsModule from "@effect-signalwire/conversation/Conversations"
import * as Outbox from "@effect-signalwire/conversation/Outbox"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import { Wake, type WakeSignal, type WakeSignals } from "@effect-signalwire/subscription/Wake"
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
import type { Conduct } from "./conduct.ts"
import type { Environment } from "./environment.ts"
import type { Watch } from "./machine.ts"
import type { Network } from "./network.ts"
import { type Exceptions, PlatformException } from "./platform.ts"
import type { Sabotage } from "./sabotage.ts"
import type { Server } from "./server.ts"

export type Tuning =
  & ConversationsModule.Tuning
  & Pick<ConversationsModule.ConnectOptions, "subscription" | "http" | "dialect">

export interface Account {
  readonly id: string
  readonly name: string
  readonly addressId: string
}

export interface Minted {
  readonly token: string
  /** Unix seconds. */
  readonly expiresAt: number
}

/**
 * What comes of a refresh: another token; nothing, ever; an exception; a failure; the token that was refused; what is no
 * token; a token that nobody knows; or the word that there is no other (`none`).
 */
export type Refreshing = "good" | "hangs" | "throws" | "fails" | "same" | "garbage" | "unknown" | "none"

export interface DeviceOptions {
  readonly name: string
  readonly account: Account
  readonly minted: Minted
  readonly tuning: Tuning
  readonly environment: Environment
  readonly watch: Watch
  readonly network: Network
  readonly exceptions: Exceptions
  readonly conduct: Conduct
  readonly server: Server
  /** Where it keeps what it is given to send; without, it has no outbox. */
  readonly queues: Layer.Layer<PersistedQueue.PersistedQueueStore> | undefined
  readonly onOutbox: (event: Outbox.OutboxEvent) => void
  /** Carries out a dial on behalf of this device. */
  readonly dialler: (dial: () => Socket.WebSocketLike) => Socket.WebSocketLike
  readonly sabotage: Sabotage | undefined
  readonly now: () => number
  readonly note: (text: string) => void
  readonly fail: (failure: string) => void
}

export class Device {
  readonly options: DeviceOptions
  readonly scope: Scope.Closeable = Scope.makeUnsafe()
  /** Its outbox is heard to the end: what it tells as its scope closes, too. */
  readonly #hearing: Scope.Closeable = Scope.makeUnsafe()
  readonly client: ConversationsModule.Service
  readonly outbox: Outbox.Service | undefined
  refreshing: Refreshing = "good"
  /** It was told that there is no other token: it waits for one to be given. */
  gaveUp = false
  token: string
  renewedAt = Number.NEGATIVE_INFINITY
  readonly #credentials: Credentials.Service
  /** Those who listen to what the platform signals. */
  readonly #hints = new Set<(signal: WakeSignal) => void>()
  /** Tokens that a successful refresh began with. */
  readonly #replaced = new Set<string>()
  #underWay = 0
  /** When its tokens end, unix milliseconds. */
  readonly #ends: Array<number> = []
  readonly #work: Array<() => void> = []

  constructor(options: DeviceOptions) {
    this.options = options
    const { environment, minted, network, tuning } = options
    this.token = minted.token
    this.#ends.push(minted.expiresAt * 1000)
    const transports = Layer.merge(
      Layer.succeed(HttpClient.HttpClient, network.http),
      Layer.succeed(Socket.WebSocketConstructor, (url) => network.dial(url, options.dialler))
    )
    const refresh = options.sabotage === "refresh" ? Effect.retry(this.#refresh, { times: 10 }) : this.#refresh
    const credentials = Credentials.layer({ token: Redacted.make(minted.token), refresh })
    const services = environment.now(
      ConversationsModule.layerCredentials({
        ...sabotaged(tuning, options.sabotage),
        urls: MemoryBackend.endpoint
      }).pipe(
        Layer.provideMerge(credentials),
        Layer.provide(transports),
        Layer.buildWithScope(this.scope),
        Effect.provideService(Wake, this.#listen)
      )
    )
    this.client = Context.get(services, Conversations)
    this.#credentials = Context.get(services, Credentials.Credentials)
    this.outbox = options.queues && environment.now(this.#openOutbox(options.queues, Layer.succeedContext(services)))
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
    yield* Stream.runForEach(outbox.events, (event) => Effect.sync(() => this.options.onOutbox(event))).pipe(
      Effect.forkIn(this.#hearing, { startImmediately: true })
    )
    return outbox
  })

  // Tokens

  readonly #refresh = Effect.suspend(() => {
    const { conduct, fail, name, network, note, watch } = this.options
    const began = this.token
    // a session that is resumed tells when the token ends that it began with, and the device's clock may be off
    const now = watch.clock.currentTimeMillisUnsafe()
    const ends = watch.hasJumped() || this.#ends.some((at) => at - now < 65_000 && at - now > -320_000)
    // one that fails is tried again
    if (network.refusedDial || ends) network.refused.add(began)
    if (!network.refused.has(began)) fail(`${name} refreshes a token that nobody refused (P6.4)`)
    note(`${name} refreshes its token`)
    network.refusedDial = false
    conduct.refreshes()
    if (++this.#underWay > 1) fail(`${name} refreshes its token twice at once (P6.4)`)
    return Effect.sleep(50).pipe(
      Effect.andThen(Effect.suspend(() => this.#another(began))),
      Effect.tap((token) =>
        Effect.sync(() => {
          if (this.token !== began || Redacted.value(token) === "") return
          if (this.#replaced.has(began)) fail(`${name} replaces one token twice (P6.4)`)
          if (Redacted.value(token) === began) return
          this.#replaced.add(began)
          this.token = Redacted.value(token)
          this.renewedAt = this.options.now()
          conduct.nudged()
          note(`${name} has another token`)
        })
      ),
      Effect.ensuring(Effect.sync(() => {
        this.#underWay--
      }))
    )
  })

  #another(began: string): Effect.Effect<Redacted.Redacted, { readonly isRetryable: boolean }> {
    const { account, server: { running } } = this.options
    switch (this.refreshing) {
      case "hangs":
        return Effect.never
      case "throws":
        throw new PlatformException("the application throws instead of refreshing the token")
      case "same":
        return Effect.succeed(Redacted.make(began))
      case "garbage":
        return Effect.succeed(Redacted.make(""))
      case "unknown":
        return Effect.succeed(Redacted.make(`${began}x`))
      case "none":
        this.gaveUp = true
        return Effect.fail({ isRetryable: false })
      case "fails":
        return Effect.fail({ isRetryable: true })
      case "good":
        return running === undefined ? Effect.fail({ isRetryable: true }) : running.backend.mint(account.id).pipe(
          Effect.mapError(() => ({ isRetryable: true })),
          Effect.map(({ expiresAt, token }) => {
            this.#ends.push(expiresAt * 1000)
            return Redacted.make(token)
          })
        )
    }
  }

  /** The application gives it another token. */
  updateToken({ expiresAt, token }: Minted): void {
    const { conduct, environment, sabotage } = this.options
    this.#ends.push(expiresAt * 1000)
    this.gaveUp = false
    this.token = token
    this.renewedAt = this.options.now()
    conduct.nudged()
    if (sabotage !== "ignore") environment.now(this.#credentials.replace(Redacted.make(token)))
  }

  // What the platform signals

  get #listen(): WakeSignals {
    return (hint) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          this.options.exceptions.call("addEventListener")
          this.#hints.add(hint)
        }),
        () => Effect.sync(() => this.#hints.delete(hint))
      )
  }

  signal(signal: WakeSignal): void {
    if (signal === "wake") this.options.conduct.nudged()
    for (const hint of this.#hints) hint(signal)
  }

  /** What the client says of its connection. */
  get connection(): ConnectionState {
    const state = Effect.runSync(this.client.connection.current)
    return this.options.sabotage === "hush" && state._tag !== "Idle"
      ? { _tag: "Connected", resumed: true, catchingUp: false, reason: null }
      : state
  }

  /** What the process does on its own behalf ends with it. */
  onClose(end: () => void): void {
    this.#work.push(end)
  }

  /** Ends the process: its scope closes. */
  close(): void {
    for (const end of this.#work) end()
    this.options.environment.fork(
      Effect.andThen(Scope.close(this.scope, Exit.void), Scope.close(this.#hearing, Exit.void))
    )
  }

  /** What is left of it; empty when nothing is. */
  remains(): ReadonlyArray<string> {
    const { network, watch } = this.options
    return [
      ...watch.pending() > 0 ? [`${watch.pending()} timers`] : [],
      ...network.sockets > 0 ? [`${network.sockets} sockets`] : [],
      ...network.requests > 0 ? [`${network.requests} requests`] : [],
      ...this.#hints.size > 0 ? [`${this.#hints.size} listeners`] : []
    ]
  }
}

/** A client that asks too much of the server. */
const sabotaged = (tuning: Tuning, sabotage: Sabotage | undefined): Tuning => {
  switch (sabotage) {
    case "dial":
      return { ...tuning, subscription: { ...tuning.subscription, dialsPerMinute: 600 } }
    case "read":
      return { ...tuning, sweep: { min: "1 second", max: "1 second" } }
    default:
      return tuning
  }
}
