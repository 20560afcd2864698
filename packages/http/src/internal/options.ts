/**
 * The options of the service, as `SignalWireHttp` exports them.
 */
import type { Endpoint } from "@effect-signalwire/runtime/Endpoint"
import type { Dialect } from "@effect-signalwire/schema/Dialect"
import type * as Duration from "effect/Duration"
import type * as Schedule from "effect/Schedule"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"

/** Where the server is, and how its requests are timed out and retried. A duration that is a number is in milliseconds. */
export interface Options {
  /** The URLs of the server. */
  readonly endpoint: Endpoint
  /** The name of the client in spans. @default "effect-signalwire" */
  readonly name?: string | undefined
  /**
   * The dialect that the server speaks.
   * @default "auto": detected by the first response that shows it, then remembered
   */
  readonly dialect?: "auto" | Dialect | undefined
  /**
   * The time limit for one request. A send has a longer one than a read, since a message whose request timed out may
   * still be stored.
   * @default "10 seconds" for reads and joins, "30 seconds" for `sendMessage`
   */
  readonly timeout?: Duration.Input | undefined
  /**
   * When a read or a join is retried after a retryable failure. A `Retry-After` of the server is respected. A token that
   * was rejected is not retried. An exception of the schedule is logged and ends it.
   * @default four retries, about 0.25, 0.5, 1 and 2 seconds apart, with jitter
   */
  readonly retry?: Schedule.Schedule<unknown, SignalWireHttpError> | undefined
  /** The time limit for a read or a join with all its retries. @default "90 seconds" */
  readonly deadline?: Duration.Input | undefined
}

/** {@link Options} for requests over `fetch` itself. */
export interface BareFetchOptions extends Options {
  /** The function that makes the requests. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined
}
