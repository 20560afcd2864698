import { assert, describe, it } from "@effect/vitest"
import type * as Socket from "effect/socket/Socket"
import { type Corkable, corkSends } from "../src/internal/corkSends.ts"

/** A socket over a stream, with a log of the calls to both. */
const makeLogged = (isStreamKnown: boolean) => {
  const log: Array<string> = []
  const socket: Socket.WebSocketLike = {
    readyState: 1,
    send: (data) => void log.push(String(data)),
    close: () => {},
    addEventListener: () => {},
    removeEventListener: () => {}
  }
  const stream = { cork: () => void log.push("cork"), uncork: () => void log.push("uncork") }
  corkSends(socket, () => isStreamKnown ? stream : undefined)
  return { socket, log }
}

/** A socket over a stream that records what it writes. */
const makeRecording = () => {
  const written: Array<unknown> = []
  const socket: Socket.WebSocketLike = {
    readyState: 1,
    send: () => {},
    close: () => {},
    addEventListener: () => {},
    removeEventListener: () => {}
  }
  const stream = {
    cork: () => {},
    uncork: () => {},
    _write: (chunk: unknown, encoding: string, callback: unknown) => void written.push([chunk, encoding, callback]),
    _writev: (chunks: ReadonlyArray<{ readonly chunk: unknown }>, callback: unknown) =>
      void written.push([chunks.map(({ chunk }) => chunk), callback])
  }
  corkSends(socket, () => stream)
  socket.send("1")
  return { stream, written }
}

describe("buffered writes", () => {
  it("are concatenated to one chunk", () => {
    const { stream, written } = makeRecording()
    stream._writev([{ chunk: new Uint8Array([1, 2]) }, { chunk: new Uint8Array([3]) }], "callback")
    assert.deepStrictEqual(written, [[new Uint8Array([1, 2, 3]), "buffer", "callback"]])
  })

  it("are passed on unchanged unless all chunks are bytes", () => {
    const { stream, written } = makeRecording()
    stream._writev([{ chunk: new Uint8Array([1]) }, { chunk: "2" }], "callback")
    assert.deepStrictEqual(written, [[[new Uint8Array([1]), "2"], "callback"]])
  })
})

describe("a stream with one way to write", () => {
  const webSocket = (): Socket.WebSocketLike => ({
    readyState: 1,
    send: () => {},
    close: () => {},
    addEventListener: () => {},
    removeEventListener: () => {}
  })
  const cork = { cork: () => {}, uncork: () => {} }

  it("writes several chunks as it does itself", () => {
    const written: Array<unknown> = []
    const stream: Corkable = { ...cork, _writev: (chunks) => void written.push(chunks) }
    const socket = webSocket()
    corkSends(socket, () => stream)
    socket.send("1")
    const chunks = [{ chunk: new Uint8Array([1]) }]
    stream._writev?.(chunks, undefined)
    assert.deepStrictEqual(written, [chunks])
  })

  it("gets no other way", () => {
    const stream: Corkable = { ...cork, _write: () => {} }
    const socket = webSocket()
    corkSends(socket, () => stream)
    socket.send("1")
    assert.isUndefined(stream._writev)
  })
})

describe("corkSends", () => {
  it("combines what is sent in one tick into one write", async () => {
    const { log, socket } = makeLogged(true)
    for (const text of ["1", "2", "3"]) socket.send(text)
    await Promise.resolve()
    assert.deepStrictEqual(log, ["cork", "1", "2", "3", "uncork"])
  })

  it("does not wait for what is sent in later ticks", async () => {
    const { log, socket } = makeLogged(true)
    socket.send("1")
    await Promise.resolve()
    socket.send("2")
    await Promise.resolve()
    assert.deepStrictEqual(log, ["cork", "1", "uncork", "cork", "2", "uncork"])
  })

  it("sends each frame by itself while the stream is not known", async () => {
    const { log, socket } = makeLogged(false)
    socket.send("1")
    await Promise.resolve()
    assert.deepStrictEqual(log, ["1"])
  })
})
