import { assert, describe, it } from "@effect/vitest"
import type * as Socket from "effect/socket/Socket"
import { corking } from "../src/internal/corking.ts"

/** A socket over a stream, and what happens to them, in order. */
const start = (isFound: boolean) => {
  const log: Array<string> = []
  const socket: Socket.WebSocketLike = {
    readyState: 1,
    send: (data) => void log.push(String(data)),
    close: () => {},
    addEventListener: () => {},
    removeEventListener: () => {}
  }
  const stream = { cork: () => void log.push("cork"), uncork: () => void log.push("uncork") }
  corking(socket, () => isFound ? stream : undefined)
  return { socket, log }
}

/** A socket over a stream that hands over what it gathered. */
const startGathering = () => {
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
    _write: (piece: unknown) => void written.push(piece),
    _writev: (pieces: ReadonlyArray<{ readonly chunk: unknown }>) => void written.push(pieces.map(({ chunk }) => chunk))
  }
  corking(socket, () => stream)
  socket.send("1")
  return { stream, written }
}

describe("what is gathered", () => {
  it("is joined to one piece", () => {
    const { stream, written } = startGathering()
    stream._writev([{ chunk: new Uint8Array([1, 2]) }, { chunk: new Uint8Array([3]) }])
    assert.deepStrictEqual(written, [new Uint8Array([1, 2, 3])])
  })

  it("is handed on as it is where it is not all bytes", () => {
    const { stream, written } = startGathering()
    stream._writev([{ chunk: new Uint8Array([1]) }, { chunk: "2" }])
    assert.deepStrictEqual(written, [[new Uint8Array([1]), "2"]])
  })
})

describe("what is sent on a socket", () => {
  it("goes out together when it is sent in one tick", async () => {
    const { log, socket } = start(true)
    for (const text of ["1", "2", "3"]) socket.send(text)
    await Promise.resolve()
    assert.deepStrictEqual(log, ["cork", "1", "2", "3", "uncork"])
  })

  it("waits for nothing that is sent later", async () => {
    const { log, socket } = start(true)
    socket.send("1")
    await Promise.resolve()
    socket.send("2")
    await Promise.resolve()
    assert.deepStrictEqual(log, ["cork", "1", "uncork", "cork", "2", "uncork"])
  })

  it("goes out as it is where no stream is known", async () => {
    const { log, socket } = start(false)
    socket.send("1")
    await Promise.resolve()
    assert.deepStrictEqual(log, ["1"])
  })
})
