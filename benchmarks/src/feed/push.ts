/** Writes many frames to a socket as fast as it accepts them. */
import type { Duplex } from "node:stream"

/** The number of frames per write. */
const framesPerWrite = 64

const frame = (text: string): Buffer => {
  const payload = Buffer.from(text)
  const header = payload.length < 126
    ? Buffer.from([0x81, payload.length])
    : Buffer.from([0x81, 126, payload.length >> 8, payload.length & 0xff])
  return Buffer.concat([header, payload])
}

/** Creates the frames; the returned function writes them, so that creating them does not delay the writes. */
export const prepare = (socket: Duplex, frames: number, text: () => string): () => void => {
  const writes: Array<Buffer> = []
  for (let sent = 0; sent < frames; sent += framesPerWrite) {
    const size = Math.min(framesPerWrite, frames - sent)
    writes.push(Buffer.concat(Array.from({ length: size }, () => frame(text()))))
  }
  let next = 0
  const pump = () => {
    for (let write = writes[next]; write !== undefined; write = writes[next]) {
      next++
      if (!socket.write(write)) return void socket.once("drain", pump)
    }
  }
  return pump
}
