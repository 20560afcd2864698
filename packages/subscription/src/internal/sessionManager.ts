/**
 * Shares the sessions of a client by reference counting: the driver runs while something needs a session, and
 * `idleMillis` longer.
 */
import * as Streams from "@effect-signalwire/runtime/Streams"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { WebSocketConstructor as Constructor } from "effect/socket/Socket"
import type { ConnectionState } from "../ConnectionState.ts"
import { SubscriptionError } from "../SubscriptionError.ts"
import type { ConnectionDriver } from "./connectionDriver.ts"
import type { Subscriber } from "./fanout.ts"
import { WebSocketConstructor } from "./webSocketConstructor.ts"

export interface Options {
  /** How long the session stays open without a reference, in milliseconds. */
  readonly idleMillis: number
  readonly webSockets: Constructor["Service"]
  /** The scope of the client. */
  readonly scope: Scope.Scope
}

/** A run of the driver. */
interface Run {
  refCount: number
  fiber: Fiber.Fiber<void> | undefined
  /** Closes the session after the idle time; a reference interrupts it. */
  idleTimer: Fiber.Fiber<void> | undefined
}

const closedError = (method: string) => new SubscriptionError({ method, reason: new Reason.Closed() })

const isReady = (state: ConnectionState): Effect.Effect<boolean, SubscriptionError> => {
  switch (state._tag) {
    case "Connected":
      return Effect.succeed(true)
    case "Failed":
      return Effect.fail(new SubscriptionError({ method: "ready", reason: state.reason }))
    case "Closed":
      return Effect.fail(closedError("ready"))
    default:
      return Effect.succeed(false)
  }
}

export class SessionManager {
  private readonly driver: ConnectionDriver
  private readonly options: Options
  /** The current run: `undefined` once it was closed as idle. A run that failed may still have references. */
  private run: Run | undefined

  constructor(driver: ConnectionDriver, options: Options) {
    this.driver = driver
    this.options = options
  }

  /** Adds a subscriber, and keeps a session open for it, until the scope closes. */
  get subscribe(): Effect.Effect<Subscriber, SubscriptionError, Scope.Scope> {
    return Effect.flatMap(
      this.driver.fanout.subscribe,
      (subscriber) => Effect.as(this.retain("subscribe"), subscriber)
    )
  }

  /** Opens a session if there is none, and waits until it is ready. */
  get ready(): Effect.Effect<void, SubscriptionError> {
    return Effect.scoped(Effect.andThen(this.retain("ready"), this.awaitState(isReady)))
  }

  /** Dials now. If a session is ready, it is replaced, and this waits until it has ended. */
  get reconnect(): Effect.Effect<void, SubscriptionError> {
    const { driver } = this
    return Effect.scoped(Effect.andThen(
      this.retain("reconnect"),
      Effect.suspend(() => {
        const wasConnected = driver.state._tag === "Connected"
        driver.connectNow()
        return wasConnected
          ? this.awaitState(({ _tag }) => Effect.succeed(_tag !== "Connected"))
          : Effect.void
      })
    ))
  }

  /** Closes the client: no session can be opened afterwards. */
  get close(): Effect.Effect<void> {
    const { driver } = this
    return Effect.tap(driver.send({ _tag: "Close" }), () => Effect.sync(() => driver.fanout.end()))
  }

  /** Waits for a public state for which `predicate` returns `true`. */
  private awaitState<E>(predicate: (state: ConnectionState) => Effect.Effect<boolean, E>): Effect.Effect<void, E> {
    return Effect.scoped(Effect.gen({ self: this }, function*() {
      const states = yield* Streams.toPull(this.driver.connectionState.changes, yield* Effect.scope)
      while (true) {
        for (const state of yield* Effect.orDie(states)) {
          if (yield* predicate(state)) return
        }
      }
    }))
  }

  /** Holds a reference to a run until the scope closes. */
  private retain(method: string): Effect.Effect<void, SubscriptionError, Scope.Scope> {
    return Effect.asVoid(Effect.acquireRelease(this.acquire(method), (run) => this.release(run)))
  }

  private acquire(method: string): Effect.Effect<Run, SubscriptionError> {
    return Effect.suspend(() => {
      const { _tag } = this.driver.state
      if (_tag === "Closed") return Effect.fail(closedError(method))
      const { run } = this
      if (run === undefined || _tag === "Failed") return this.begin
      run.refCount++
      run.idleTimer?.interruptUnsafe()
      return Effect.succeed(run)
    })
  }

  private get begin(): Effect.Effect<Run> {
    const { driver } = this
    const run: Run = { refCount: 1, fiber: undefined, idleTimer: undefined }
    this.run = run
    return Effect.andThen(
      driver.send({ _tag: "Reset" }),
      Effect.map(this.fork(driver.run(() => this.run === run)), (fiber) => {
        run.fiber = fiber
        return run
      })
    )
  }

  private release(run: Run): Effect.Effect<void> {
    return Effect.suspend(() => {
      run.refCount--
      if (run.refCount > 0) return Effect.void
      const idle = Effect.sleep(this.options.idleMillis)
      return Effect.map(this.fork(Effect.andThen(idle, this.closeIdle(run))), (fiber) => {
        run.idleTimer = fiber
      })
    })
  }

  private closeIdle(run: Run): Effect.Effect<void> {
    return Effect.uninterruptible(Effect.suspend(() => {
      // a reference that was taken just after the last one was released does not know this timer yet
      if (run !== this.run || run.refCount > 0) return Effect.void
      this.run = undefined
      return Effect.andThen(
        this.driver.send({ _tag: "Reset" }),
        run.fiber === undefined ? Effect.void : Fiber.interrupt(run.fiber)
      )
    }))
  }

  /** Forks into the scope of the client. The fiber inherits the caller's context, so it logs where the caller does. */
  private fork<A>(effect: Effect.Effect<A, never, Constructor>): Effect.Effect<Fiber.Fiber<A>> {
    const { scope, webSockets } = this.options
    return Effect.forkIn(Effect.provideService(effect, WebSocketConstructor, webSockets), scope)
  }
}
