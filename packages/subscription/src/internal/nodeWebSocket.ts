/**
 * Opens the global `WebSocket` of Node. It waits without a time limit for the server to confirm a close, and can't be
 * destroyed: here, a close that is not confirmed in time destroys the connection. What is sent within one tick is
 * combined into one write.
 */
import type * as Socket from "effect/socket/Socket"
import { corkSends } from "./corkSends.ts"
import { dialWithTransport } from "./nodeTransport.ts"

/** How long the server may take to confirm a close. Milliseconds. */
const closeTimeoutMillis = 2000

/** Opens the socket that `make` creates. On platforms that do not show its connection, it works as it is. */
export const open = (url: string, make: () => WebSocket): Socket.WebSocketLike => {
  const { transport, webSocket } = dialWithTransport(url, make)
  corkSends(webSocket, transport)
  const close = webSocket.close.bind(webSocket)
  let isClosed = false
  let timer: ReturnType<typeof setTimeout> | undefined
  webSocket.addEventListener("close", () => {
    isClosed = true
    clearTimeout(timer)
  })
  webSocket.close = (code, reason) => {
    // before the close: a socket that is still dialling emits its close event within the call
    if (!isClosed) timer ??= setTimeout(() => transport()?.destroy(), closeTimeoutMillis)
    close(code, reason)
  }
  return webSocket
}
