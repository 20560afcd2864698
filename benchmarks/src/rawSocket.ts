/**
 * A minimal WebSocket client, to measure the server rather than the client: text frames up to 64 KiB, no extensions, no
 * fragments.
 */
import { connect, type Socket } from "node:net"

const headerOf = (length: number): Buffer =>
  length < 126
    ? Buffer.from([0x81, 0x80 | length, 0, 0, 0, 0])
    : Buffer.from([0x81, 0x80 | 126, length >> 8, length & 0xff, 0, 0, 0, 0])

export interface RawSocket {
  readonly send: (text: string) => void
  readonly end: () => void
}

/** Opens a socket; rejects when the server does not respond with 101. */
export const open = (
  url: string,
  onText: (text: string) => void,
  onClose: () => void
): Promise<RawSocket> =>
  new Promise((resolve, reject) => {
    const { host, hostname, port } = new URL(url)
    const socket: Socket = connect(Number(port), hostname)
    socket.setNoDelay(true)
    let buffer: Buffer = Buffer.alloc(0)
    let isOpen = false
    const raw: RawSocket = {
      send: (text) => {
        const payload = Buffer.from(text)
        // a mask of zeros does not change the payload
        socket.write(Buffer.concat([headerOf(payload.length), payload]))
      },
      end: () => socket.destroy()
    }
    const frames = () => {
      let at = 0
      while (buffer.length - at >= 2) {
        const short = (buffer[at + 1] ?? 0) & 0x7f
        const head = short < 126 ? 2 : short === 126 ? 4 : 10
        if (buffer.length - at < head) break
        const length = short < 126
          ? short
          : short === 126
          ? buffer.readUInt16BE(at + 2)
          : Number(buffer.readBigUInt64BE(at + 2))
        if (buffer.length - at < head + length) break
        if (buffer[at] === 0x81) onText(buffer.toString("utf8", at + head, at + head + length))
        at += head + length
      }
      buffer = buffer.subarray(at)
    }
    socket.on("connect", () =>
      socket.write(
        `GET / HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
      ))
    socket.on("data", (data) => {
      buffer = buffer.length === 0 ? data : Buffer.concat([buffer, data])
      if (!isOpen) {
        const end = buffer.indexOf("\r\n\r\n")
        if (end < 0) return
        const status = buffer.toString("latin1", 9, 12)
        if (status !== "101") {
          socket.destroy()
          return reject(new Error(`the response to the upgrade was ${status}`))
        }
        isOpen = true
        buffer = buffer.subarray(end + 4)
        resolve(raw)
      }
      frames()
    })
    socket.on("error", reject)
    socket.on("close", onClose)
  })
