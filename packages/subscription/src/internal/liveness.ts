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

type Write = (frame: string) => Effect.Effect<void, Reason.Reason>

const reconnectRequested = new Reason.Transport({ detail: "a new connection was requested" })

const offline = new Reason.Transport({ detail: "the platform is offline" })

/** The liveness of one session, from the dial to its end. */
export interface Liveness {
  /** The socket is open, and `write` sends frames on it. */
  readonly onOpen: (write: Write) => void
  /** The session is ready. */
  readonly onReady: () => void
  /** A batch of frames arrived. Returns the effect to run before it is read, if the connection was suspect. */
  readonly onFrames: () => Effect.Effect<void> | undefined
  /** Reacts to a trigger: probes the dial or the session, or ends a session that is to be replaced. */
  readonly onTrigger: (trigger: SessionTrigger) => void
  /** Pings a silent server; fails with `Timeout` when it stays silent. */
  readonly watchdog: Effect.Effect<never, Reason.Reason>
}

export const make = ({ acquireWake, clock, events, tasks, timings }: Options): Liveness => {
  const now = () => Monotonic.millisOf(clock)
  const dialledAt = now()
  let lastFrameAt = dialledAt
  /** How many batches of frames have arrived. */
  let batches = 0
  let isReady = false
  /** The platform signalled that the connection may be dead, and no frame has arrived since. */
  let isSuspect = false
  let write: Write = () => Effect.void

  const ping: Effect.Effect<void, Reason.Reason> = Effect.flatMap(Uuid.make, (id) => {
    const timestamp = Math.round(clock.currentTimeMillisUnsafe()) / 1000
    return write(JsonRpc.request(id, JsonRpc.method.ping, { timestamp }))
  })

  /**
   * Makes a check that fails with `Timeout` unless a frame arrives in time. While it runs, running it again does
   * nothing.
   */
  const makeProbe = (
    before: Effect.Effect<void, Reason.Reason>,
    timeoutMillis: () => number,
    onTimeout = constVoid,
    onSuccess = constVoid
  ): Probe => {
    let isRunning = false
    return Effect.suspend(() => {
      if (isRunning) return Effect.void
      isRunning = true
      const batchesBefore = batches
      return before.pipe(
        Effect.andThen(Effect.suspend(() => Effect.sleep(Math.max(0, timeoutMillis())))),
        Effect.andThen(Effect.suspend(() => {
          if (batches !== batchesBefore) return Effect.sync(onSuccess)
          onTimeout()
          return Effect.fail(new Reason.Timeout({ millis: timings.probe }))
        })),
        Effect.ensuring(Effect.sync(() => {
          isRunning = false
        }))
      )
    })
  }
  const probeMillis = () => timings.probe

  // made when they are needed first, since most sessions need none of them
  let dialProbe: Probe | undefined
  let dialLimit: Probe | undefined
  let sessionProbe: Probe | undefined
  // a dial that was in progress when the network changed may never get a response
  const probeDial = () =>
    dialProbe ??= makeProbe(acquireWake, probeMillis, events.onDialAbandoned, events.onProbeSuccess)
  // counted from the dial, so that repeated requests to reconnect do not keep it from completing
  const limitDial = () => dialLimit ??= makeProbe(Effect.void, () => timings.probe - (now() - dialledAt))
  const probeSession = () => sessionProbe ??= makeProbe(ping, probeMillis, undefined, events.onProbeSuccess)

  return {
    onOpen: (given) => {
      write = given
      lastFrameAt = now()
    },
    onReady: () => {
      isReady = true
    },
    onFrames: () => {
      lastFrameAt = now()
      batches++
      if (!isSuspect) return undefined
      isSuspect = false
      return events.onAlive
    },
    onTrigger: (trigger) => {
      switch (trigger) {
        case "wake":
          return tasks.fork(isReady ? probeSession() : probeDial())
        case "offline":
          if (!isReady) return
          isSuspect = true
          return tasks.fork(Effect.andThen(events.onSuspect(offline), probeSession()))
        case "reconnect":
          return tasks.fork(isReady ? Effect.fail(reconnectRequested) : limitDial())
      }
    },
    watchdog: Effect.gen(function*() {
      const { heartbeat } = timings
      while (true) {
        const silence = now() - lastFrameAt
        if (silence >= 2 * heartbeat) return yield* Effect.fail(new Reason.Timeout({ millis: Math.round(silence) }))
        if (silence >= heartbeat) yield* ping
        yield* Effect.sleep(Math.ceil(heartbeat - silence % heartbeat))
      }
    })
  }
}
