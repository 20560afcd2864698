/**
 * Effect's `WebSocketConstructor` service, declared again under the same key: Effect's own module builds schemas when
 * it is loaded, which would add all of `Schema` to a bundle.
 */
import * as Context from "effect/Context"
import type * as Socket from "effect/socket/Socket"

export const WebSocketConstructor: Context.Service<
  Socket.WebSocketConstructor,
  Socket.WebSocketConstructor["Service"]
> = Context.Service("@effect/platform/Socket/WebSocketConstructor")
