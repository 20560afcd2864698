/**
 * The options of a backend and their defaults.
 */
import type * as Dialect from "@effect-signalwire/schema/Dialect"
import * as Duration from "effect/Duration"

/** Options of a backend. */
export interface Options {
  /**
   * The host that clients connect their sockets to. It is written into the `ch` claim of minted tokens.
   * @default "localhost"
   */
  readonly host?: string | undefined
  /**
   * The dialect of request bodies that are accepted and of the keys in responses.
   * @default "all"
   */
  readonly dialect?: Dialect.WireForm | undefined
  /**
   * The interval between pings. A client that does not respond to two pings in a row is disconnected.
   * @default "5 seconds"
   */
  readonly pingInterval?: Duration.Input | undefined
  /**
   * How long a session without a socket can be resumed.
   * @default "5 minutes"
   */
  readonly sessionRetention?: Duration.Input | undefined
  /**
   * The maximum number of unacknowledged events per session. A session that exceeds it is closed.
   * @default 2000
   */
  readonly maxUnacked?: number | undefined
  /**
   * The maximum length of a message text, in UTF-16 code units.
   * @default 10000
   */
  readonly maxTextLength?: number | undefined
  /**
   * The maximum number of items per page, whatever page size a request asks for.
   * @default 1000
   */
  readonly maxPageSize?: number | undefined
  /**
   * How long a minted token is valid.
   * @default "2 hours"
   */
  readonly tokenLifetime?: Duration.Input | undefined
  /**
   * Whether the wire log is enabled from the start. It can be turned on and off later.
   * @default false
   */
  readonly wireLog?: boolean | undefined
  /**
   * The maximum number of open sockets.
   * @default 10000
   */
  readonly maxSockets?: number | undefined
  /**
   * The maximum number of open sockets per subscriber.
   * @default 5000
   */
  readonly maxSocketsPerSubscriber?: number | undefined
  /**
   * The maximum memory, in bytes, held for all clients that read slowly or do not finish their requests. Beyond it, the client
   * that holds the most is disconnected: a socket is closed with code 1013, and a request fails with 503 or, if its body
   * was read already, with a broken connection.
   * @default 67108864
   */
  readonly maxHeldBytes?: number | undefined
  /**
   * The maximum memory that stored records take, in bytes, approximately. Requests that exceed it fail with 507.
   * @default 1073741824
   */
  readonly maxStoredBytes?: number | undefined
  /**
   * The origin of page links, such as `https://space.example.test`.
   * @default none: links are relative
   */
  readonly linkOrigin?: string | undefined
}

/** The options with defaults applied, and with durations in milliseconds. */
export interface Settings {
  /** The `ch` claim of minted tokens. */
  readonly host: string
  /** The dialect of request bodies that are accepted and of the keys in responses. */
  readonly dialect: Dialect.WireForm
  /** The interval between pings, in milliseconds. */
  readonly pingInterval: number
  /** How long a session without a socket can be resumed, in milliseconds. */
  readonly sessionRetention: number
  /** The maximum number of unacknowledged events per session. */
  readonly maxUnacked: number
  /** The maximum length of a message text, in UTF-16 code units. */
  readonly maxTextLength: number
  /** The maximum number of items per page. */
  readonly maxPageSize: number
  /** How long a minted token is valid, in milliseconds. */
  readonly tokenLifetime: number
  /** Whether the wire log is enabled from the start. */
  readonly wireLog: boolean
  /** The maximum number of open sockets. */
  readonly maxSockets: number
  /** The maximum number of open sockets per subscriber. */
  readonly maxSocketsPerSubscriber: number
  /** The maximum memory held for slow clients, in bytes. */
  readonly maxHeldBytes: number
  /** The maximum memory that stored records take, in bytes. */
  readonly maxStoredBytes: number
  /** The origin of page links; empty for relative links. */
  readonly linkOrigin: string
}

/** Applies the defaults. */
export const toSettings = (options: Options): Settings => ({
  host: options.host ?? "localhost",
  dialect: options.dialect ?? "all",
  pingInterval: Duration.toMillis(options.pingInterval ?? "5 seconds"),
  sessionRetention: Duration.toMillis(options.sessionRetention ?? "5 minutes"),
  maxUnacked: options.maxUnacked ?? 2000,
  maxTextLength: options.maxTextLength ?? 10_000,
  maxPageSize: options.maxPageSize ?? 1000,
  tokenLifetime: Duration.toMillis(options.tokenLifetime ?? "2 hours"),
  wireLog: options.wireLog ?? false,
  maxSockets: options.maxSockets ?? 10_000,
  maxSocketsPerSubscriber: options.maxSocketsPerSubscriber ?? 5000,
  maxHeldBytes: options.maxHeldBytes ?? 64 * 1024 * 1024,
  maxStoredBytes: options.maxStoredBytes ?? 1024 * 1024 * 1024,
  linkOrigin: options.linkOrigin ?? ""
})
