/**
 * What is sent within one tick goes out in one write. A write to the network costs more than reading an event does, and
 * the answers to a batch of events are all sent at once.
 */
import type * as Socket from "effect/socket/Socket"

/** A stream, such as Node's sockets are, that gathers writes while it is corked. */
export interface Corkable {
  readonly cork: () => void
  readonly uncork: () => void
  /** How such a stream writes one piece, and how several that were gathered: what every `stream.Writable` may have. */
  _write?(piece: unknown, encoding: string, callback: unknown): void
  _writev?(pieces: ReadonlyArray<{ readonly chunk: unknown }>, callback: unknown): void
}

const joined = (pieces: ReadonlyArray<Uint8Array>): Uint8Array => {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let offset = 0
  for (const piece of pieces) {
    whole.set(piece, offset)
    offset += piece.length
  }
  return whole
}

/** Every frame is two pieces of some twenty bytes: to hand thousands of those on one by one takes longer than to join them. */
const joining = (stream: Corkable): void => {
  const gathered = stream._writev?.bind(stream)
  if (gathered === undefined || stream._write === undefined) return
  stream._writev = (pieces, callback) => {
    const chunks = pieces.map(({ chunk }) => chunk)
    if (chunks.every((chunk) => chunk instanceof Uint8Array)) stream._write?.(joined(chunks), "buffer", callback)
    else gathered(pieces, callback)
  }
}

/** Lets a socket gather what it sends; `stream` tells what lies under it, once that is known. */
export const corking = (webSocket: Socket.WebSocketLike, stream: () => Corkable | undefined): void => {
  const send = webSocket.send.bind(webSocket)
  let isCorked = false
  let joins: Corkable | undefined
  webSocket.send = (data) => {
    const under = isCorked ? undefined : stream()
    if (under !== undefined) {
      isCorked = true
      if (joins !== under) joining(joins = under)
      under.cork()
      queueMicrotask(() => {
        isCorked = false
        under.uncork()
      })
    }
    send(data)
  }
}
