/** The options of the subscription layer, and their defaults. */
import type * as Backoff from "@effect-signalwire/runtime/Backoff"
import type { Endpoint } from "@effect-signalwire/runtime/Endpoint"
import type { AddressOf } from "@effect-signalwire/schema/ConversationMessage"
import * as Duration from "effect/Duration"
import type { Timings } from "./session.ts"

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
   * After this much silence the client pings the server; after twice as much the session counts as lost.
   * @default "10 seconds"
   */
  readonly heartbeat?: Duration.Input | undefined
  /**
   * The limit on dials, whatever requests them: this many at once, and then one every 60 seconds divided by it. Change
   * it only in tests that break connections all the time.
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
   * The delays between dials: exponential with full jitter. The first is between 0 and `base`, the upper bound doubles
   * with each attempt, and no delay is longer than `cap`. After a session that was ready for `resetAfter` they start
   * over. A server that asks for a longer delay gets it, and `dialsPerMinute` applies however short the delays are.
   * @default { base: "500 millis", cap: "30 seconds", resetAfter: "30 seconds" }
   */
  readonly backoff?: {
    readonly base: Duration.Input
    readonly cap: Duration.Input
    readonly resetAfter?: Duration.Input | undefined
  } | undefined
  /**
   * How many signals are buffered for a subscriber. If there are more, they are dropped and it receives a
   * `Discontinuity` instead; history has what was dropped.
   * @default 4096
   */
  readonly capacity?: number | undefined
  /**
   * Returns the address of a group, which events of the group dialect leave out.
   * @default a function that knows no address
   */
  readonly addressOf?: AddressOf | undefined
}

const millisOf = (input: Duration.Input | undefined, fallback: Duration.Input): number =>
  Duration.toMillis(Duration.fromInputUnsafe(input ?? fallback))

/** The time limits of a session. */
export const timingsOf = (options: Options): Timings => ({
  open: millisOf(options.connectTimeout, "10 seconds"),
  connect: millisOf(options.connectTimeout, "10 seconds"),
  request: millisOf(options.requestTimeout, "10 seconds"),
  heartbeat: millisOf(options.heartbeat, "10 seconds"),
  probe: millisOf(options.probeTimeout, "2 seconds")
})

/** The bounds of the delays between dials. */
export const backoffOf = ({ backoff }: Options): Backoff.Bounds => ({
  baseMillis: millisOf(backoff?.base, "500 millis"),
  capMillis: millisOf(backoff?.cap, "30 seconds")
})

/** How long a session must have been ready to reset the backoff, in milliseconds. */
export const resetAfterMillisOf = ({ backoff }: Options): number => millisOf(backoff?.resetAfter, "30 seconds")

/** How long the session stays open after its last subscriber has left, in milliseconds. */
export const idleMillisOf = ({ idleTimeToLive }: Options): number => millisOf(idleTimeToLive, "30 seconds")
