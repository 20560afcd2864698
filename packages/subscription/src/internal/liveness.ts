/**
 * Notices a dead connection: the watchdog pings a silent server and ends a session that stays silent; a probe does the
 * same within a shorter time after a signal that the network may have changed.
 */
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as Uuid from "@effect-signalwire/runtime/Uuid"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Reason from "@effect-signalwire/schema/Reason"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import type { SessionEvents, SessionTrigger } from "./sessionEvents.ts"
import type { SessionTasks } from "./sessionTasks.ts"

/** Times in milliseconds. */
export interface Timings {
  /** After this much silence the server is pinged; after twice as much the session ends. */
  readonly heartbeat: number
  /** How long the server may take to send a frame after a signal. */
  readonly probe: number
}

export interface Options {
  readonly clock: Clock.Clock
  readonly timings: Timings
  readonly tasks: SessionTasks
  readonly events: SessionEvents
  /** Completes when another dial may be abandoned after a wake signal. */
  readonly acquireWake: Effect.Effect<void>
}

type Probe = Effect.Effect<void, Reason.Reason>

interface ProbeOptions {
  /** Runs before the wait for a frame. */
  readonly before: Effect.Effect<void, Reason.Reason>
  readonly timeoutMillis: () => number
  readonly onSuccess?: () => void
  readonly onTimeout?: () => void
}

const reconnectRequested = new Reason.Transport({ detail: "a new connection was requested" })

const offline = new Reason.Transport({ detail: "the platform is offline" })

/** The liveness of one session, from the dial to its end. */
export class Liveness {
  private readonly options: Options
  private readonly dialledAt: number
  private lastFrameAt: number
  /** How many batches of frames have arrived. */
  private batches = 0
  private isReady = false
  /** The platform signalled that the connection may be dead, and no frame has arrived since. */
  private isSuspect = false
  private write: (frame: string) => Effect.Effect<void, Reason.Reason> = () => Effect.void
  private dialProbe: Probe | undefined
  private dialLimit: Probe | undefined
  private sessionProbe: Probe | undefined

  constructor(options: Options) {
    this.options = options
    this.dialledAt = this.now()
    this.lastFrameAt = this.dialledAt
  }

  /** The socket is open, and `write` sends frames on it. */
  onOpen(write: (frame: string) => Effect.Effect<void, Reason.Reason>): void {
    this.write = write
    this.lastFrameAt = this.now()
  }

  /** The session is ready. */
  onReady(): void {
    this.isReady = true
  }

  /** A batch of frames arrived. Returns the effect to run before it is read, if the connection was suspect. */
  onFrames(): Effect.Effect<void> | undefined {
    this.lastFrameAt = this.now()
    this.batches++
    if (!this.isSuspect) return undefined
    this.isSuspect = false
    return this.options.events.onAlive
  }

  /** Reacts to a trigger: probes the dial or the session, or ends a session that is to be replaced. */
  onTrigger(trigger: SessionTrigger): void {
    const { events, tasks } = this.options
    switch (trigger) {
      case "wake":
        return tasks.fork(this.isReady ? this.probeSession : this.probeDial)
      case "offline":
        if (!this.isReady) return
        this.isSuspect = true
        return tasks.fork(Effect.andThen(events.onSuspect(offline), this.probeSession))
      case "reconnect":
        return tasks.fork(this.isReady ? Effect.fail(reconnectRequested) : this.limitDial)
    }
  }

  /** Abandons a dial after a wake signal: one that was in progress when the network changed may never get a response. */
  private get probeDial(): Probe {
    const { acquireWake, events, timings } = this.options
    return this.dialProbe ??= this.makeProbe({
      before: acquireWake,
      timeoutMillis: () => timings.probe,
      onTimeout: events.onDialAbandoned
    })
  }

  /**
   * Abandons a dial after a request to reconnect. The time counts from the dial, so that repeated requests do not keep
   * it from completing.
   */
  private get limitDial(): Probe {
    return this.dialLimit ??= this.makeProbe({
      before: Effect.void,
      timeoutMillis: () => this.options.timings.probe - (this.now() - this.dialledAt)
    })
  }

  private get probeSession(): Probe {
    const { events, timings } = this.options
    return this.sessionProbe ??= this.makeProbe({
      before: this.ping,
      timeoutMillis: () => timings.probe,
      onSuccess: events.onProbeSuccess
    })
  }

  /** Pings a silent server; fails with `Timeout` when it stays silent. */
  get watchdog(): Effect.Effect<never, Reason.Reason> {
    const { heartbeat } = this.options.timings
    return Effect.gen({ self: this }, function*() {
      while (true) {
        const silence = this.now() - this.lastFrameAt
        if (silence >= 2 * heartbeat) return yield* Effect.fail(new Reason.Timeout({ millis: Math.round(silence) }))
        if (silence >= heartbeat) yield* this.ping
        yield* Effect.sleep(Math.ceil(heartbeat - silence % heartbeat))
      }
    })
  }

  private now(): number {
    return Monotonic.millisOf(this.options.clock)
  }

  private get ping(): Effect.Effect<void, Reason.Reason> {
    const { clock } = this.options
    return Effect.flatMap(Uuid.make, (id) => {
      const timestamp = Math.round(clock.currentTimeMillisUnsafe()) / 1000
      return this.write(JsonRpc.request(id, JsonRpc.method.ping, { timestamp }))
    })
  }

  /**
   * Makes a check that fails with `Timeout` unless a frame arrives in time. While it runs, running it again does
   * nothing.
   */
  private makeProbe({ before, onSuccess = constVoid, onTimeout = constVoid, timeoutMillis }: ProbeOptions): Probe {
    let isRunning = false
    return Effect.suspend(() => {
      if (isRunning) return Effect.void
      isRunning = true
      const { batches } = this
      return before.pipe(
        Effect.andThen(Effect.suspend(() => Effect.sleep(Math.max(0, timeoutMillis())))),
        Effect.andThen(Effect.suspend(() => {
          if (this.batches !== batches) return Effect.sync(onSuccess)
          onTimeout()
          return Effect.fail(new Reason.Timeout({ millis: this.options.timings.probe }))
        })),
        Effect.ensuring(Effect.sync(() => {
          isRunning = false
        }))
      )
    })
  }
}
