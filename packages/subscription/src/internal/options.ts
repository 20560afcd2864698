/** The options of the subscription layer, and their defaults. */
import type { Endpoint } from "@effect-signalwire/runtime/Endpoint"
import * as Settings from "@effect-signalwire/runtime/Settings"
import type { AddressOf } from "@effect-signalwire/schema/ConversationMessage"
import type { Reason } from "@effect-signalwire/schema/Reason"
import type * as Duration from "effect/Duration"
import * as Schedule from "effect/Schedule"
import * as DialDelays from "./dialDelays.ts"
import type { Timings } from "./session.ts"

/** The bounds of exponential delays between dials. */
export interface BackoffBounds {
  /** The upper bound of the first delay. */
  readonly base: Duration.Input
  /** The longest delay. */
  readonly cap: Duration.Input
  /** How long a session must have been ready for the delays to start over. @default "30 seconds" */
  readonly resetAfter?: Duration.Input | undefined
}

/** Where to connect, and how sessions are kept. A duration that is a number is in milliseconds. */
export interface Options {
  /** The URLs of the service. */
  readonly endpoint: Endpoint
  /** The name of the client, which is sent to the server. @default "effect-signalwire" */
  readonly agent?: string | undefined
  /** The name of the client in spans. @default the `agent` */
  readonly name?: string | undefined
  /** The time limit for opening the socket, and then again for authenticating on it. @default "10 seconds" */
  readonly connectTimeout?: Duration.Input | undefined
  /** The time limit for the response to any other request on the socket. @default "10 seconds" */
  readonly requestTimeout?: Duration.Input | undefined
  /**
   * After this much silence the client pings the server; after twice as much the session counts as lost. It must be
   * longer than 0.
   * @default "10 seconds"
   */
  readonly heartbeat?: Duration.Input | undefined
  /**
   * The limit on dials, whatever requests them: this many at once, and then one every 60 seconds divided by it. A
   * positive integer. Change it only in tests that break connections all the time.
   * @default 10
   */
  readonly dialsPerMinute?: number | undefined
  /**
   * How long the server may take to send anything after a signal of the platform, see `Wake`.
   * @default "2 seconds"
   */
  readonly probeTimeout?: Duration.Input | undefined
  /** How long the session stays open after its last subscriber has left. @default "30 seconds" */
  readonly idleTimeToLive?: Duration.Input | undefined
  /**
   * The delays between dials: exponential with full jitter, or those of a schedule.
   *
   * - With bounds, the first delay is between 0 and `base`, the upper bound doubles with each attempt, and no delay is
   *   longer than `cap`. After a session that was ready for `resetAfter` they start over.
   * - The input of a schedule is why the last session or dial ended. It starts over after a session that was ready for
   *   30 seconds. When it ends, the state of the connection becomes `Failed` with that reason. An exception of the
   *   schedule is logged and ends it: the state becomes `Failed` with the reason `Defect`.
   *
   * A server that asks for a longer delay gets it, and `dialsPerMinute` applies however short the delays are.
   * @default { base: "500 millis", cap: "30 seconds", resetAfter: "30 seconds" }
   */
  readonly backoff?: BackoffBounds | Schedule.Schedule<unknown, Reason> | undefined
  /**
   * How many signals are buffered for a subscriber. If there are more, they are dropped and it receives a
   * `Discontinuity` instead; history has what was dropped. A positive integer.
   * @default 4096
   */
  readonly capacity?: number | undefined
  /**
   * Returns the address of a group, which events of the group dialect leave out.
   * @default a function that knows no address
   */
  readonly addressOf?: AddressOf | undefined
}

/** The time limits of a session. */
export const timingsOf = (options: Options): Timings => ({
  connect: Settings.millis("connectTimeout", options.connectTimeout ?? "10 seconds"),
  request: Settings.millis("requestTimeout", options.requestTimeout ?? "10 seconds"),
  heartbeat: Settings.positiveMillis("heartbeat", options.heartbeat ?? "10 seconds"),
  probe: Settings.millis("probeTimeout", options.probeTimeout ?? "2 seconds")
})

/** The delays between dials, and how long a session must have been ready for them to start over, in milliseconds. */
export const backoffOf = ({ backoff }: Options): {
  readonly nextDelay: DialDelays.NextDelay
  readonly resetAfterMillis: number
} => {
  const [bounds, schedule] = Schedule.isSchedule(backoff) ? [undefined, backoff] : [backoff]
  return {
    nextDelay: schedule === undefined
      ? DialDelays.exponential({
        baseMillis: Settings.millis("backoff.base", bounds?.base ?? "500 millis"),
        capMillis: Settings.millis("backoff.cap", bounds?.cap ?? "30 seconds")
      })
      : DialDelays.scheduled(schedule),
    resetAfterMillis: Settings.millis("backoff.resetAfter", bounds?.resetAfter ?? "30 seconds")
  }
}

/** How long the session stays open after its last subscriber has left, in milliseconds. */
export const idleMillisOf = ({ idleTimeToLive }: Options): number =>
  Settings.millis("idleTimeToLive", idleTimeToLive ?? "30 seconds")
