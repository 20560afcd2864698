/** The server, which can be stopped and started. Stored messages survive in the `Ledger`. */
import * as Backend from "@effect-signalwire/backend/Backend"
import * as Faults from "@effect-signalwire/backend/Faults"
import * as MemoryBackend from "@effect-signalwire/testing/MemoryBackend"
import type { Wire } from "@effect-signalwire/testing/MemorySocket"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Socket from "effect/socket/Socket"
import type { Environment } from "./environment.ts"
import type { Ledger } from "./ledger.ts"

export interface RunningServer {
  readonly backend: Backend.Service
  readonly faults: Faults.Service
  readonly http: HttpClient.HttpClient
  readonly dial: Socket.WebSocketConstructor["Service"]
  readonly scope: Scope.Closeable
}

export interface ServerOptions {
  readonly environment: Environment
  readonly ledger: Ledger
  readonly options: Backend.Options
  readonly wire: Wire
  /** Called when a fault is carried out. */
  readonly onFault: (action: Faults.Action) => void
}

export class Server {
  running: RunningServer | undefined
  readonly #environment: Environment
  readonly #ledger: Ledger
  readonly #options: Backend.Options
  readonly #wire: Wire
  readonly #onFault: (action: Faults.Action) => void

  constructor({ environment, ledger, onFault, options, wire }: ServerOptions) {
    this.#environment = environment
    this.#ledger = ledger
    this.#options = options
    this.#wire = wire
    this.#onFault = onFault
  }

  start(): RunningServer {
    const scope = Scope.makeUnsafe()
    const context = this.#environment.runSync(
      Layer.buildWithScope(
        MemoryBackend.layerStorage({ ...this.#options, wire: this.#wire }).pipe(Layer.provide(this.#ledger.layer)),
        scope
      )
    )
    const faults = Context.get(context, Faults.Faults)
    const { take } = faults
    return this.running = {
      backend: Context.get(context, Backend.Backend),
      // the backend itself uses this object
      faults: Object.assign(faults, {
        take: (point: Faults.FaultPoint) => {
          const action = take(point)
          if (action !== undefined) this.#onFault(action)
          return action
        }
      }),
      http: Context.get(context, HttpClient.HttpClient),
      dial: Context.get(context, Socket.WebSocketConstructor),
      scope
    }
  }

  /** Stops abruptly: every connection breaks, and every session is lost. */
  stop(): void {
    const { running } = this
    if (running === undefined) return
    this.running = undefined
    for (const { connection } of running.backend.sessions()) connection?.close(null)
    this.#environment.fork(Scope.close(running.scope, Exit.void))
  }

  /** The number of open sockets of a subscriber. */
  openSockets(subscriberId: string): number {
    return this.running?.backend.sessions()
      .filter((session) => session.subscriberId === subscriberId && session.connection !== undefined).length ?? 0
  }

  /** Runs an effect on the backend without time passing; returns `undefined` while the server is down. */
  run<A, E>(effect: (backend: Backend.Service) => Effect.Effect<A, E>): A | undefined {
    return this.running === undefined ? undefined : this.#environment.runSync(effect(this.running.backend))
  }
}
