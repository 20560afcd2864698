/**
 * What is sent within one tick goes out in one write. A write to the network costs more than reading an event does, and
 * the answers to a batch of events are all sent at once.
 */
import type * as Socket from "effect/socket/Socket"

/** A stream, such as Node's sockets are, that gathers writes while it is corked. */
export interface Corkable {
  readonly cork: () => void
  readonly uncork: () => void
}

/** Lets a socket gather what it sends; `stream` tells what lies under it, once that is known. */
export const corking = (webSocket: Socket.WebSocketLike, stream: () => Corkable | undefined): void => {
  const send = webSocket.send.bind(webSocket)
  let isCorked = false
  webSocket.send = (data) => {
    const under = isCorked ? undefined : stream()
    if (under !== undefined) {
      isCorked = true
      under.cork()
      queueMicrotask(() => {
        isCorked = false
        under.uncork()
      })
    }
    send(data)
  }
}
