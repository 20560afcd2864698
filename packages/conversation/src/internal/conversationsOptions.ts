/** The options of the `Conversations` service: of its subscriptions and timelines, and of the service itself. */
import type * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import type * as Endpoint from "@effect-signalwire/runtime/Endpoint"
import type { AddressIdInput } from "@effect-signalwire/schema/Ids"
import type * as Subscription from "@effect-signalwire/subscription/Subscription"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { Cursor } from "../Cursor.ts"
import type { Gap } from "../TimelineEvent.ts"

/**
 * What happens to messages that arrive faster than they are consumed.
 *
 * - `"suspend"` loses nothing: 4096 messages wait in memory (option `subscription.capacity`), and any more are read
 *   from history when it is their turn.
 * - `sliding` keeps the newest `capacity` messages, `dropping` the oldest. The others are lost. `capacity` is at least 1.
 */
export type OverflowPolicy = "suspend" | { readonly strategy: "sliding" | "dropping"; readonly capacity: number }

/**
 * What happens to messages that are not consumed yet, and where a restart continues. Only `"suspend"` can be combined
 * with a `cursor`: the other policies drop messages that the cursor would have to return.
 */
export type Continuity =
  | {
    /** What happens to messages that arrive faster than they are consumed. @default "suspend" */
    readonly policy?: OverflowPolicy | undefined
    readonly cursor?: undefined
  }
  | {
    readonly policy?: "suspend" | undefined
    /**
     * The saved position from which the subscription continues after a restart. A message counts as processed when the
     * consumer pulls the next one, so the last messages before a restart may be yielded again. Fails as
     * {@link Cursor} describes, and with `Invalid` together with a `policy` other than `"suspend"`.
     * @default the subscription starts now
     */
    readonly cursor?: Cursor | undefined
  }

/** The options that subscriptions and timelines have in common. */
interface StartOptions {
  /**
   * How long the start may take before it fails with `Timeout`, whose `cause` is the last known reason. Without a
   * timeout, the start waits for recovery from an outage, a failing server or a refused token.
   * @default no limit
   */
  readonly timeout?: Duration.Input | undefined
}

/** Options of a subscription. Durations that are numbers are milliseconds. */
export type SubscriptionOptions = StartOptions & Continuity & {
  /**
   * Runs when messages may be missing that can't be recovered, because history does not reach back over an
   * interruption. It runs where the messages are missing, and later messages wait until it completes.
   * @default a warning is logged
   */
  readonly onGap?: ((gap: Gap) => Effect.Effect<void>) | undefined
}

/** Options of a timeline. Gaps are among its events. Durations that are numbers are milliseconds. */
export type TimelineOptions = StartOptions & Continuity & {
  /** The address of the conversation: a room, or another subscriber. */
  readonly addressId: AddressIdInput
  /**
   * The time of the earliest message, by the server's clock: unix seconds, or a `DateTime`. Older messages are left
   * out, even if they are pushed later. `0` starts with the first message of the conversation.
   * @default the newest page of history
   */
  readonly since?: number | DateTime.DateTime | undefined
}

/** A message to send. */
export interface SendOptions extends Omit<SignalWireHttp.SendOptions, "clientIdIn"> {
  /**
   * Whether the `clientId` was just created, so that no message can have been sent under it. History is then not
   * searched for it before the first send.
   * @default false
   */
  readonly isNew?: boolean | undefined
}

/** How messages are kept complete, and how sends are made reliable. Durations that are numbers are milliseconds. */
export interface ServiceOptions {
  /**
   * The name of the client in spans and metrics.
   * @default the `agent` of the option `subscription`, or "effect-signalwire"
   */
  readonly name?: string | undefined
  /**
   * How far history is read back beyond the last message that was checked against it, for messages that become visible
   * late.
   * @default "30 seconds"
   */
  readonly overlap?: Duration.Input | undefined
  /**
   * How often history is read, while a session is up, for messages that were never pushed. The interval begins with
   * `min` and doubles, up to `max`, after each read that finds none; a read that finds one resets it to `min`. With
   * `false` history is not read at intervals.
   *
   * While there has been no session for 5 seconds, history is polled every `min`, or every 15 seconds with `false`, so
   * that messages still arrive. Jitter lengthens each interval by up to a quarter.
   * @default { min: "15 seconds", max: "5 minutes" }
   */
  readonly sweep?: { readonly min: Duration.Input; readonly max: Duration.Input } | false | undefined
  /** The shortest interval between two saves of a cursor. @default "1 second" */
  readonly cursorInterval?: Duration.Input | undefined
  /** How many message ids to remember at least, to recognize duplicates. @default 8192 */
  readonly memory?: number | undefined
  /** How many messages to keep in memory at once when history is read back; more are read in parts. @default 10000 */
  readonly recoveryLimit?: number | undefined
  /**
   * How long a subscription waits for a session before it starts without one. It starts earlier when history is polled,
   * after 5 seconds without a session.
   * @default "10 seconds"
   */
  readonly readyTimeout?: Duration.Input | undefined
  /**
   * How long a send may take, including the wait for its turn and the search for a message of unknown outcome.
   * @default "2 minutes"
   */
  readonly sendDeadline?: Duration.Input | undefined
  /**
   * How long a message is looked up in history, after the response to its request was lost, before it is sent again:
   * four times as long when the request timed out, and one second at most when the connection broke within a second. If
   * the server stores the first request later than that, the message is stored twice; subscriptions and timelines yield
   * it once.
   * @default "5 seconds"
   */
  readonly settle?: Duration.Input | undefined
  /**
   * Whether messages carry the trace context of the span in which they were sent, see `ConversationTrace`. All members
   * of the conversation can read it.
   * @default false
   */
  readonly traceMessages?: boolean | undefined
  /** How many sends may wait or be in progress at once; any more fail with `Overloaded`. @default 1000 */
  readonly sendCapacity?: number | undefined
}

/** Where to connect, and the options of the service and of the services that it is composed of. */
export interface ConnectOptions extends Endpoint.Options, ServiceOptions {
  /**
   * The dialect of the server.
   * @default "auto": detected by the first response that shows it, then remembered
   */
  readonly dialect?: SignalWireHttp.Options["dialect"]
  /** Options of the HTTP service: `timeout`, `retry` and `deadline`. */
  readonly http?: Omit<SignalWireHttp.Options, "endpoint" | "dialect" | "name"> | undefined
  /** Options of the subscription service, such as `heartbeat`, `backoff`, `dialsPerMinute` and `connectTimeout`. */
  readonly subscription?: Omit<Subscription.Options, "endpoint" | "addressOf" | "name"> | undefined
}

/** Where to connect, with which token, and the options of the services. `R` is what `refresh` requires. */
export interface Options<R = never> extends ConnectOptions {
  /** A subscriber access token. */
  readonly token: Redacted.Redacted
  /**
   * Returns another token when this one is refused. Without it a refused token stays refused. `refresh` of
   * `Credentials.Options` describes when and how often it runs, and what its failures mean; use
   * `Conversations.layerCredentials` to set its timeouts.
   */
  readonly refresh?: Effect.Effect<Redacted.Redacted, unknown, R> | undefined
}

/** Where to connect, the options of the services, and the `fetch` for their requests. */
export interface BareFetchOptions extends ConnectOptions {
  /** The function that makes the requests. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined
}
