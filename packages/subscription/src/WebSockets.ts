/**
 * Sockets of the platform's own `WebSocket`, in browsers and in Node.
 *
 * Node's `WebSocket` waits without a time limit for the server to confirm a close, cannot be destroyed, and keeps the
 * process alive meanwhile, so that a half-open connection would never go away. Here, a close that is not confirmed
 * within 2 seconds destroys the connection, and what is sent within one tick is combined into one write.
 *
 * @since 0.1.0
 */
import { invalidParameter } from "@effect-signalwire/schema/Reason"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import type * as Socket from "effect/socket/Socket"
import * as NodeWebSocket from "./internal/nodeWebSocket.ts"
import { WebSocketConstructor } from "./internal/webSocketConstructor.ts"

/** Returns the global `WebSocket`. Node 20 has none, and a flag removes it from later versions. */
const requireWebSocket = (): typeof WebSocket => {
  if (typeof globalThis.WebSocket === "function") return globalThis.WebSocket
  throw invalidParameter(
    "WebSocket",
    "this platform has none: pass one with the WebSocket option, such as that of the package ws, or use Node 22.19 or newer"
  )
}

const open = (url: string, protocols?: string | Array<string>): Socket.WebSocketLike => {
  const WebSocket = requireWebSocket()
  return NodeWebSocket.open(url, () => new WebSocket(url, protocols))
}

/**
 * A `WebSocketConstructor` for the platform's own `WebSocket`. Where the platform has none, dialling fails with
 * `Invalid`, which names the option `WebSocket`. Node shows the status and the `Retry-After` of a rejected upgrade;
 * browsers do not.
 */
export const context: Context.Context<Socket.WebSocketConstructor> = /* @__PURE__ */ Context.make(
  WebSocketConstructor,
  (url, options) => {
    if (options !== undefined && typeof options !== "string" && !Array.isArray(options)) {
      throw new TypeError("the platform's WebSocket accepts no options other than protocols")
    }
    return open(url, options)
  }
)

/** A `WebSocketConstructor` for another class that has the interface of the platform's `WebSocket`. */
export const contextOf = (
  WebSocket: new(url: string) => Socket.WebSocketLike
): Context.Context<Socket.WebSocketConstructor> => Context.make(WebSocketConstructor, (url) => new WebSocket(url))

/** Provides the platform's own `WebSocket`, see {@link context}. */
export const layer: Layer.Layer<Socket.WebSocketConstructor> = /* @__PURE__ */ Layer.succeedContext(context)

/** Provides another class that has the interface of the platform's `WebSocket`, see {@link contextOf}. */
export const layerOf = (
  WebSocket: new(url: string) => Socket.WebSocketLike
): Layer.Layer<Socket.WebSocketConstructor> => Layer.succeedContext(contextOf(WebSocket))
