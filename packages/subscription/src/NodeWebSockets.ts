/**
 * Sockets of the package `ws`, for servers and other programs on Node. While the program does not keep up with the
 * server, they pause the connection, and what is sent within one tick is combined into one write: most of the cost of a
 * busy session is writes.
 *
 * @since 0.1.0
 */
import * as Layer from "effect/Layer"
import type * as Socket from "effect/socket/Socket"
import { type Corkable, corkSends } from "./internal/corkSends.ts"
import { setRejectedUpgrade } from "./internal/rejectedUpgrade.ts"
import { WebSocketConstructor } from "./internal/webSocketConstructor.ts"

/** The response that rejects an upgrade. */
interface UpgradeResponse {
  readonly statusCode?: number | undefined
  readonly headers: { readonly "retry-after"?: string | undefined; readonly date?: string | undefined }
}

/** The part of a `ws` socket that is used. */
export interface NodeWebSocket extends Socket.WebSocketLike {
  /** Calls `listener` with the response that accepts the upgrade, which has the socket below the WebSocket. */
  on(event: "upgrade", listener: (response: { readonly socket: Corkable }) => void): unknown
  /** Calls `listener` with the response that rejects the upgrade; the listener has to close the connection. */
  on(event: "unexpected-response", listener: (request: unknown, response: UpgradeResponse) => void): unknown
}

/** The part of the `WebSocket` class of `ws` that is used. */
export interface NodeWebSocketConstructor {
  /** Opens a socket. */
  new(
    url: string,
    protocols: string | Array<string> | undefined,
    options: { readonly perMessageDeflate: boolean; readonly headers?: Record<string, string> }
  ): NodeWebSocket
}

/**
 * Provides sockets of the package `ws`; pass its `WebSocket`. Frames are not compressed, since they are too small to
 * benefit. The status and the `Retry-After` of a rejected upgrade are known.
 *
 * ```ts
 * import * as NodeWebSockets from "@effect-signalwire/subscription/NodeWebSockets"
 * import { WebSocket } from "ws"
 *
 * export const layer = NodeWebSockets.layer(WebSocket)
 * ```
 *
 * @category layers
 */
export const layer = (WebSocket: NodeWebSocketConstructor): Layer.Layer<Socket.WebSocketConstructor> =>
  Layer.succeed(WebSocketConstructor, (url, options) => {
    const { headers, protocols } = typeof options === "object" && !Array.isArray(options)
      ? options
      : { headers: undefined, protocols: options }
    const webSocket = new WebSocket(url, protocols, {
      perMessageDeflate: false,
      ...(headers === undefined ? undefined : { headers: { ...headers } })
    })
    let stream: Corkable | undefined
    webSocket.on("upgrade", ({ socket }) => {
      stream = socket
    })
    webSocket.on("unexpected-response", (_, { headers, statusCode }) => {
      setRejectedUpgrade(webSocket, statusCode ?? 0, { retryAfter: headers["retry-after"], date: headers.date })
      // a socket that is closed before it is open emits an error, which ends the dial
      webSocket.close()
    })
    corkSends(webSocket, () => stream)
    return webSocket
  })
