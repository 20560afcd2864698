/**
 * Effect's service that makes sockets, by its key: its own module builds schemas as it is loaded, and brings in all of
 * Schema for them.
 */
import * as Context from "effect/Context"
import type * as Socket from "effect/socket/Socket"

export const WebSocketConstructor: Context.Service<
  Socket.WebSocketConstructor,
  Socket.WebSocketConstructor["Service"]
> = Context.Service("@effect/platform/Socket/WebSocketConstructor")
