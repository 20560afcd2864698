/**
 * The options of `SignalWire`.
 *
 * @since 0.1.0
 */
import type * as Conversations from "@effect-signalwire/conversation/Conversations"
import type * as Credentials from "@effect-signalwire/runtime/Credentials"
import type * as Socket from "effect/socket/Socket"

/** Receives the client's log messages. They never contain a token or the text of a message. */
export interface SignalWireLogger {
  /**
   * Called for problems that the client handles by itself, such as a frame that could not be parsed, a token that was
   * refused, or 5 seconds without a session (at most once a minute).
   */
  readonly warn: (message: string, ...details: ReadonlyArray<unknown>) => void
  /** Called for problems that need attention, such as a callback that throws while there is no `onError`. */
  readonly error: (message: string, ...details: ReadonlyArray<unknown>) => void
}

/**
 * The options of `SignalWire`: the token, the server, and settings of the client. Durations are milliseconds, or
 * strings such as `"5 seconds"`; `null` is treated as `undefined`.
 */
export interface SignalWireOptions {
  /** A subscriber access token. @default the environment variable `SIGNALWIRE_TOKEN` */
  readonly token?: string | undefined
  /**
   * Returns a new token. Called when the current one is refused or about to expire. Without this option, a refused
   * token can be replaced with `client.updateToken` only.
   *
   * Return `null` when no other token is available: the function is then not called again for the current token, and
   * subscriptions and timelines wait for `updateToken`. When the function throws or rejects, takes longer than
   * `refreshTimeout`, or returns an invalid token or the refused one, calls that are waiting for a token reject with
   * `Unauthorized`, while subscriptions and timelines wait and call it again later, because the network may be down.
   *
   * Calls never overlap. A call starts at least 1 second after the start of the previous one; that interval doubles
   * with every call, up to 30 seconds, and is 1 second again after a minute without a call.
   * @default none
   */
  readonly onRefreshToken?: (() => string | null | Promise<string | null>) | undefined
  /**
   * The host of the server, such as `puc.signalwire.com`.
   * @default with neither `host` nor `urls`: the environment variable `SIGNALWIRE_HOST`, or `SIGNALWIRE_HTTP_URL` and
   * `SIGNALWIRE_WS_URL`; otherwise the host that the token names, or `fabric.signalwire.com`
   */
  readonly host?: string | undefined
  /**
   * The complete URLs of the server, instead of `host`, including the path if a reverse proxy serves it under one. The
   * schemes `http:` and `ws:` are accepted for loopback addresses only.
   */
  readonly urls?: { readonly http: string; readonly ws: string } | undefined
  /** The wire dialect of the server. @default "auto", which detects it from the server's responses */
  readonly dialect?: "auto" | "address" | "group" | undefined
  /** How long `onRefreshToken` may take before the refresh counts as failed. @default "10 seconds" */
  readonly refreshTimeout?: Credentials.Options["refreshTimeout"]
  /** Receives the client's log messages. Whatever it throws is ignored. @default console */
  readonly logger?: SignalWireLogger | undefined
  /**
   * How long `subscribe` waits for a session before it starts without one. It also starts once the client polls
   * history, which is after 5 seconds without a session.
   * @default "10 seconds"
   */
  readonly readyTimeout?: Conversations.ConnectOptions["readyTimeout"]
  /**
   * How long `sendMessage` searches history for a message whose response was lost before it sends the message again.
   * Four times as long if the request timed out.
   * @default "5 seconds"
   */
  readonly settle?: Conversations.ConnectOptions["settle"]
  /**
   * How long `sendMessage` may take in total, including the time in the queue and the time to find out whether the
   * message was stored.
   * @default "2 minutes"
   */
  readonly sendDeadline?: Conversations.ConnectOptions["sendDeadline"]
  /**
   * How often history is read during a session to find messages that the server did not push. The first read is after
   * `min`; the interval doubles after every read that finds nothing, up to `max`, and returns to `min` after one that
   * finds a message. `false` disables these reads. After 5 seconds without a session, history is read every `min`
   * instead, or every 15 seconds with `false`.
   * @default { min: "15 seconds", max: "5 minutes" }
   */
  readonly sweep?: Conversations.ConnectOptions["sweep"]
  /**
   * Settings of HTTP requests: the `timeout` of one request (10 seconds, or 30 for a send), the `deadline` of a read
   * including its retries (90 seconds), and `retry`, an Effect `Schedule`.
   */
  readonly http?: Conversations.ConnectOptions["http"]
  /**
   * Settings of the socket session: `backoff` (`{ base, cap }` or an Effect `Schedule`), `dialsPerMinute`, `heartbeat`,
   * `probeTimeout`, `connectTimeout`, `requestTimeout`, `idleTimeToLive`, `capacity` and `agent`. They are described at
   * `Options` of `@effect-signalwire/subscription/Subscription`.
   */
  readonly subscription?: Conversations.ConnectOptions["subscription"]
  /** The function that makes HTTP requests. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined
  /**
   * The class of the client's sockets. On a platform without one, subscriptions and timelines fail with `Invalid`.
   * @default globalThis.WebSocket
   */
  readonly WebSocket?: (new(url: string) => Socket.WebSocketLike) | undefined
}
