/** The baseline: a client that only parses frames, calls back, and acknowledges. */
import type { WebSocketLike } from "effect/socket/Socket"
import type { Feed } from "./Feed.ts"

/** Connects as the protocol requires, and calls back with the payload of every event. */
export const connect = async (
  { ws }: Feed,
  open: (url: string) => WebSocketLike,
  onEvent: (event: { readonly id: string }) => void
): Promise<() => void> => {
  const socket = open(ws)
  await new Promise<void>((resolve) => {
    socket.addEventListener("open", () => resolve())
  })
  socket.send("{\"jsonrpc\":\"2.0\",\"id\":\"c\",\"method\":\"signalwire.connect\",\"params\":{}}")
  await new Promise<void>((resolve) => {
    socket.addEventListener("message", ({ data }) => {
      if (typeof data !== "string") return
      const frame = JSON.parse(data)
      if (frame.method === undefined) return resolve()
      onEvent(frame.params.params)
      socket.send(`{"jsonrpc":"2.0","id":"${frame.id}","result":{}}`)
    })
  })
  return () => socket.close()
}
