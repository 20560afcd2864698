/** A process of a subscriber: the whole client, over a network and a clock of its own. */
import { Conversations } from "@effect-signalwire/conversation/Conversations"
import * as ConversationsModule from "@effect-signalwire/conversation/Conversations"
import * as Outbox from "@effect-signalwire/conversation/Outbox"
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
import type { Environment } from "./environment.ts"
import type { Watch } from "./machine.ts"
import type { Network } from "./network.ts"
import type { Server } from "./server.ts"
import { Violation } from "./Violation.ts"

export type Tuning =
  & ConversationsModule.Tuning
  & Pick<ConversationsModule.ConnectOptions, "subscription" | "http" | "dialect">

export interface Account {
  readonly id: string
  readonly name: string
  readonly addressId: string
}

export interface DeviceOptions {
  readonly name: string
  readonly account: Account
  readonly token: string
  /** Unix seconds. */
  readonly expiresAt: number
  readonly tuning: Tuning
  readonly environment: Environment
  readonly watch: Watch
  readonly network: Network
  readonly server: Server
  /** Where it keeps what it is given to send; without, it has no outbox. */
  readonly queues: Layer.Layer<PersistedQueue.PersistedQueueStore> | undefined
  readonly onOutbox: (event: Outbox.OutboxEvent) => void
  /** Carries out a dial on behalf of this device. */
  readonly dialler: (dial: () => Socket.WebSocketLike) => Socket.WebSocketLike
  readonly now: () => number
  readonly note: (text: string) => void
}

export class Device {
  readonly options: DeviceOptions
  readonly scope: Scope.Closeable = Scope.makeUnsafe()
  /** Its outbox is heard to the end: what it tells as its scope closes, too. */
  readonly #hearing: Scope.Closeable = Scope.makeUnsafe()
  readonly client: ConversationsModule.Service
  readonly outbox: Outbox.Service | undefined
  /** Whether it can get another token when one is refused. */
  renewable = true
  token: string
  renewedAt = Number.NEGATIVE_INFINITY
  /** Tokens that a successful refresh began with. */
  readonly #replaced = new Set<string>()
  #refreshing = 0
  /** When its tokens end, unix milliseconds. */
  readonly #ends: Array<number> = []
  readonly #work: Array<() => void> = []

  constructor(options: DeviceOptions) {
    this.options = options
    this.token = options.token
    this.#ends.push(options.expiresAt * 1000)
    const { account, environment, network, server } = options
    const transports = Layer.merge(
      Layer.succeed(HttpClient.HttpClient, network.http),
      Layer.succeed(Socket.WebSocketConstructor, (url) => network.dial(url, options.dialler))
    )
    const refresh = Effect.suspend(() => {
      const began = this.token
      // a session that is resumed tells when the token ends that it began with, and the device's clock may be off
      const now = options.watch.clock.currentTimeMillisUnsafe()
      const ends = this.#ends.some((at) => at - now < 65_000 && at - now > -320_000)
      // one that fails is tried again
      if (network.refusedDial || ends) network.refused.add(began)
      if (!network.refused.has(began)) {
        throw new Violation(`${options.name} refreshes a token that nobody refused (P6.4)`)
      }
      options.note(`${options.name} refreshes its token`)
      network.refusedDial = false
      if (++this.#refreshing > 1) throw new Violation(`${options.name} refreshes its token twice at once (P6.4)`)
      return Effect.sleep(50).pipe(
        Effect.andThen(Effect.suspend(() => {
          const { running } = server
          if (!this.renewable) return Effect.fail({ isRetryable: false })
          return running === undefined
            ? Effect.fail({ isRetryable: true })
            : Effect.mapError(running.backend.mint(account.id), () => ({ isRetryable: true }))
        })),
        Effect.map(({ expiresAt, token }) => {
          if (this.#replaced.has(began)) throw new Violation(`${options.name} replaces one token twice (P6.4)`)
          this.#replaced.add(began)
          this.token = token
          this.#ends.push(expiresAt * 1000)
          this.renewedAt = options.now()
          options.note(`${options.name} has another token`)
          return Redacted.make(token)
        }),
        Effect.ensuring(Effect.sync(() => {
          this.#refreshing--
        }))
      )
    })
    const services = environment.now(
      Layer.buildWithScope(
        ConversationsModule.layer({
          ...options.tuning,
          token: Redacted.make(options.token),
          refresh,
          urls: MemoryBackend.endpoint
        }).pipe(Layer.provide(transports)),
        this.scope
      )
    )
    this.client = Context.get(services, Conversations)
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
      ...network.requests > 0 ? [`${network.requests} requests`] : []
    ]
  }
}
