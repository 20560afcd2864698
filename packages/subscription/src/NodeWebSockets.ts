/**
 * The sockets of the package `ws`, for servers and other programs on Node. They hold the server back while the program
 * has not taken in what was sent, and what is sent in one tick goes out in one write: with a busy session that is
 * the better part of its cost.
 *
 * @since 0.1.0
 */
import * as Layer from "effect/Layer"
import type * as Socket from "effect/socket/Socket"
import { type Corkable, corkSends } from "./internal/corkSends.ts"
import { setRejectedUpgrade } from "./internal/rejectedUpgrade.ts"
import { WebSocketConstructor } from "./internal/webSocketConstructor.ts"

/** An answer that refuses the upgrade. */
interface Refused {
  readonly statusCode?: number | undefined
  readonly headers: { readonly "retry-after"?: string | undefined; readonly date?: string | undefined }
}

/** As much of a `ws` socket as is needed. */
export interface NodeWebSocket extends Socket.WebSocketLike {
  /** Calls back with the answer that made the connection a WebSocket, and with what lies under it. */
  on(event: "upgrade", listener: (response: { readonly socket: Corkable }) => void): unknown
  /** Calls back with an answer that refuses the upgrade; the connection is then the listener's to end. */
  on(event: "unexpected-response", listener: (request: unknown, response: Refused) => void): unknown
}

/** As much of the `WebSocket` of `ws` as is needed. */
export interface NodeWebSocketConstructor {
  /** Opens a socket. */
  new(
    url: string,
    protocols: string | Array<string> | undefined,
    options: { readonly perMessageDeflate: boolean; readonly headers?: Record<string, string> }
  ): NodeWebSocket
}

/**
 * Sockets of the package `ws`: pass its `WebSocket`. Frames are not compressed: they are too small to gain by it. A
 * refused socket's status and `Retry-After` are known.
 *
 * @category layers
 */
export const layer = (WebSocket: NodeWebSocketConstructor): Layer.Layer<Socket.WebSocketConstructor> =>
  Layer.succeed(WebSocketConstructor, (url, given) => {
    const { headers, protocols } = typeof given === "object" && !Array.isArray(given)
      ? given
      : { headers: undefined, protocols: given }
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
      // one that has not opened tells that it failed
      webSocket.close()
    })
    corkSends(webSocket, () => stream)
    return webSocket
  })
