/**
 * Combines what a WebSocket sends within one tick into one write. A write to the network costs more than reading an
 * event, and the replies to a batch of events are all sent in the same tick.
 */
import type * as Socket from "effect/socket/Socket"

/** A stream that buffers writes while it is corked, as Node's sockets do. */
export interface Corkable {
  readonly cork: () => void
  readonly uncork: () => void
  /** Writes one chunk: the method that implements `stream.Writable`. */
  _write?(chunk: unknown, encoding: string, callback: unknown): void
  /** Writes several buffered chunks at once. */
  _writev?(chunks: ReadonlyArray<{ readonly chunk: unknown }>, callback: unknown): void
}

const concat = (chunks: ReadonlyArray<Uint8Array>): Uint8Array => {
  const result = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0))
  let offset = 0
  for (const chunk of chunks) {
    result.set(chunk, offset)
    offset += chunk.length
  }
  return result
}

/**
 * Makes a stream concatenate buffered chunks before it writes them. Every frame is two chunks of about twenty bytes:
 * writing thousands of them one by one takes longer than copying them.
 */
const concatBufferedWrites = (stream: Corkable): void => {
  const writev = stream._writev?.bind(stream)
  if (writev === undefined || stream._write === undefined) return
  stream._writev = (entries, callback) => {
    const chunks = entries.map(({ chunk }) => chunk)
    if (chunks.every((chunk) => chunk instanceof Uint8Array)) stream._write?.(concat(chunks), "buffer", callback)
    else writev(entries, callback)
  }
}

/**
 * Patches `webSocket.send` to combine everything that is sent within one tick. `getStream` returns the stream below the
 * socket, or `undefined` while it is not known: then sends are not combined.
 */
export const corkSends = (webSocket: Socket.WebSocketLike, getStream: () => Corkable | undefined): void => {
  const send = webSocket.send.bind(webSocket)
  let isCorked = false
  let patched: Corkable | undefined
  webSocket.send = (data) => {
    const stream = isCorked ? undefined : getStream()
    if (stream !== undefined) {
      isCorked = true
      if (patched !== stream) concatBufferedWrites(patched = stream)
      stream.cork()
      queueMicrotask(() => {
        isCorked = false
        stream.uncork()
      })
    }
    send(data)
  }
}
