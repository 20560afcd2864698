/**
 * What only the host of the routes can do and knows: how to break a connection, and under which names it is reached.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"

/** What a host provides to the routes. */
export interface Hosting {
  /**
   * Ends the request's connection without an answer. What follows is not seen by the client, so it may never return;
   * the handler answers 502 with `x-connection-broken` when it does and the connection still stands.
   */
  readonly abort: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<void>
  /**
   * Waits until most of what was written to the request's connection has left this process.
   * @default does not wait
   */
  readonly awaitDrain?: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<void>
  /**
   * Whether a request that names this host was meant for this server; a `hostname` is written as in a `URL`. The names and
   * addresses of the loopback need not be asked for.
   * @default no other name
   */
  readonly isOwnName?: (hostname: string, request: HttpServerRequest.HttpServerRequest) => boolean
}

/** The host of the routes. By default nothing can be broken, and 502 is answered instead. */
export const Hosting = Context.Reference<Hosting>("@effect-signalwire/backend/Hosting", {
  defaultValue: () => ({ abort: () => Effect.void })
})
