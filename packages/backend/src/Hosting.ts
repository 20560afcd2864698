/**
 * What the routes need from the server that hosts them: breaking connections, backpressure, and its host names.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"

/** The capabilities of a host. */
export interface Hosting {
  /**
   * Breaks the connection of a request without a response. It may never complete, because the client cannot see anything that
   * follows. If it completes and the connection is still open, the response is 502 with the header `x-connection-broken`.
   */
  readonly abort: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<void>
  /**
   * Waits until most of the data written to the connection of a request has left this process.
   * @default does not wait
   */
  readonly awaitDrain?: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<void>
  /**
   * Returns whether `hostname`, the host of a request as in `URL.hostname`, is a name of this server. It is not called for
   * loopback names and addresses, which are always accepted.
   * @default accepts no other names
   */
  readonly isOwnName?: (hostname: string, request: HttpServerRequest.HttpServerRequest) => boolean
}

/** The host of the routes. By default connections cannot be broken, and the response is 502 instead. */
export const Hosting = Context.Reference<Hosting>("@effect-signalwire/backend/Hosting", {
  defaultValue: () => ({ abort: () => Effect.void })
})
