/** What a connection may do, said by hand in bytes. */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { assert, describe, it, vi } from "@effect/vitest"
import { once } from "node:events"
import { createServer } from "node:http"
import { createServer as createSecureServer } from "node:https"
import { connect, type Server, type Socket } from "node:net"
import { networkInterfaces } from "node:os"
import { Connections } from "../src/internal/connections.ts"
import { Client, request } from "./support.ts"

/** A connection whose words are collected. */
const open = async (port: number, host = "127.0.0.1") => {
  const socket = connect(port, host)
  await once(socket, "connect")
  let text = ""
  socket.on("data", (data) => {
    text += data.toString("latin1")
  })
  socket.on("error", () => {})
  const closed = once(socket, "close")
  return {
    socket,
    closed,
    text: () => text,
    write: (bytes: string) => void socket.write(bytes),
    /** Waits until it has received so many responses. */
    answers: async (count: number) => {
      while (text.split("HTTP/1.1 ").length - 1 < count) {
        await Promise.race([once(socket, "data"), closed])
        if (socket.destroyed) break
      }
      return [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
    }
  }
}
/** Waits until something is so. */
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}
const portOfServer = (node: Server): number => {
  const address = node.address()
  return typeof address === "object" ? address?.port ?? 0 : 0
}
const portOf = ({ http }: Sandbox.Info) => Number(new URL(http).port)

const setup = async (options?: Sandbox.Options) => {
  const info = await Sandbox.start(options)
  const [ada, grace] = info.subscribers
  if (ada === undefined || grace === undefined) throw new Error("nobody is there")
  const message = JSON.stringify({ conversation_id: grace.addressId, text: "hi" })
  return {
    info,
    ada,
    grace,
    post: (more = "", body = message, token = ada.token) =>
      `POST /api/fabric/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`,
    get: `GET /api/fabric/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ada.token}\r\n\r\n`,
    stored: async () => (await request(info, "GET", "/_sandbox/messages")).body.messages.length,
    [Symbol.asyncDispose]: () => info.stop()
  }
}
const upgrade = (path: string, more = "Sec-WebSocket-Version: 13\r\n") =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`

describe("requests on one connection", () => {
  it("are handled one after the other, and answered in order", async () => {
    await using world = await setup()
    const client = await open(portOf(world.info))
    client.write(world.post() + world.get + world.post("", "{}") + world.get)
    assert.deepStrictEqual(await client.answers(4), ["200", "200", "422", "200"])
    client.socket.destroy()
  })
  it("that are too many at once break it, and none of those that waited is handled", async () => {
    await using world = await setup()
    await request(world.info, "PUT", "/_sandbox/faults", {
      body: { rules: [{ match: { on: "http" }, action: { type: "silent" }, times: 1 }] }
    })
    const client = await open(portOf(world.info))
    client.write(world.post().repeat(60))
    await client.closed
    assert.strictEqual(await world.stored(), 0)
  })
  it.each(
    [
      [
        "an unknown token",
        (world: Awaited<ReturnType<typeof setup>>) => world.post("", "x".repeat(200_000), "unknown"),
        "401"
      ],
      ["a body that is not JSON", (world: Awaited<ReturnType<typeof setup>>) => world.post("", "{"), "400"],
      [
        "no such path",
        () => "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + "x".repeat(200_000),
        "404"
      ]
    ] as const
  )("go on after one was refused for %s", async (_, refused, status) => {
    await using world = await setup()
    const client = await open(portOf(world.info))
    client.write(refused(world))
    client.write(world.get)
    assert.deepStrictEqual(await client.answers(2), [status, "200"])
    client.socket.destroy()
  })
  it("end with one whose body is longer than anything, which is told why", async () => {
    await using world = await setup()
    const client = await open(portOf(world.info))
    client.write(
      `POST /api/fabric/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${world.ada.token}\r\nContent-Length: 90000000\r\n\r\n`
    )
    await client.closed
    assert.match(client.text(), /^HTTP\/1.1 413 /)
    assert.match(client.text(), /connection: close/i)
  })
})

describe("a body that arrives while there is no room for more", () => {
  it.each([["with its length", "Content-Length: 80000"], ["in chunks", "Transfer-Encoding: chunked"]])(
    "%s is refused with 503 when it takes most, and a later one is served",
    async (_, header) => {
      await using world = await setup({ maxHeldBytes: 100_000 })
      const large = await open(portOf(world.info))
      large.write(
        `POST /api/fabric/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${world.ada.token}\r\n${header}\r\n\r\n` +
          (header.startsWith("Transfer") ? `${(80_000).toString(16)}\r\n${"x".repeat(80_000)}\r\n` : "x")
      )
      const later = await open(portOf(world.info))
      while (large.text() === "") {
        later.write(
          world.post("", JSON.stringify({ conversation_id: world.grace.addressId, text: "hi", x: "y".repeat(50_000) }))
        )
        await once(later.socket, "data")
      }
      assert.match(large.text(), /^HTTP\/1.1 503 /)
      assert.match(later.text(), /^HTTP\/1.1 200 /)
      large.socket.destroy()
      later.socket.destroy()
    }
  )
  it("breaks its connection once it was read: what came of it may be stored", async () => {
    await using world = await setup({ maxHeldBytes: 100_000, wireLog: true })
    await request(world.info, "PUT", "/_sandbox/faults", {
      body: { rules: [{ match: { on: "http", method: "POST" }, action: { type: "silent" }, times: 1 }] }
    })
    const post = (length: number) =>
      world.post("", JSON.stringify({ conversation_id: world.grace.addressId, text: "hi", x: "y".repeat(length) }))
    const large = await open(portOf(world.info))
    large.write(post(80_000))
    // it is logged when it was read
    await vi.waitFor(async () => {
      assert.isNotEmpty((await request(world.info, "GET", "/_sandbox/log")).body.entries)
    }, { timeout: 60_000 })
    const later = await open(portOf(world.info))
    later.write(post(50_000))
    await large.closed
    assert.strictEqual(large.text(), "")
    assert.deepStrictEqual(await later.answers(1), ["200"])
    later.socket.destroy()
  })
})

describe("a request that could change the protocol", () => {
  it.each([
    "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
    "Upgrade: websocket\r\nConnection: Upgrade\r\n",
    "Upgrade: TLS/1.0\r\nConnection: keep-alive, upgrade\r\n"
  ])(
    "is handled as it is when it has a body, and the connection goes on: %j",
    async (headers) => {
      await using world = await setup()
      const client = await open(portOf(world.info))
      client.write(world.post(headers))
      client.write(world.get)
      assert.deepStrictEqual(await client.answers(2), ["200", "200"])
      assert.strictEqual(await world.stored(), 1)
      client.socket.destroy()
    }
  )
  it("is handled when its body comes in pieces, also in chunks", async () => {
    await using world = await setup()
    const client = await open(portOf(world.info))
    const body = JSON.stringify({ conversation_id: world.grace.addressId, text: "in pieces" })
    client.write(
      `POST /api/fabric/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${world.ada.token}\r\n` +
        "Upgrade: h2c\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    for (const piece of [body.slice(0, 10), body.slice(10)]) {
      await new Promise((resolve) => setImmediate(resolve))
      client.write(`${piece.length.toString(16)}\r\n${piece}\r\n`)
    }
    client.write("0\r\n\r\n")
    assert.deepStrictEqual(await client.answers(1), ["200"])
    assert.strictEqual(await world.stored(), 1)
    client.socket.destroy()
  })
  it("and is no WebSocket's is answered like any other", async () => {
    await using world = await setup()
    const client = await open(portOf(world.info))
    client.write(world.get.replace("\r\n\r\n", "\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"))
    client.write(world.get)
    assert.deepStrictEqual(await client.answers(2), ["200", "200"])
    client.socket.destroy()
  })
  it("leaves nothing behind on its connection, however many there are", async () => {
    await using world = await setup()
    const warnings: Array<Error> = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on("warning", onWarning)
    const client = await open(portOf(world.info))
    for (let n = 0; n < 20; n++) {
      client.write(world.get.replace("\r\n\r\n", "\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"))
      await client.answers(n + 1)
    }
    client.socket.destroy()
    process.off("warning", onWarning)
    assert.deepStrictEqual(warnings, [])
  })
})

describe("a WebSocket that is refused", () => {
  it.each([
    ["at another path", upgrade("/api/fabric/messages"), "401"],
    ["at no path", upgrade("/nowhere"), "404"],
    ["of another version", upgrade("/", "Sec-WebSocket-Version: 99\r\n"), "400"],
    ["without a key", upgrade("/").replace(/Sec-WebSocket-Key.*\r\n/, ""), "400"]
  ])("%s is answered, and its connection closed, though the client keeps its end open", async (_, bytes, status) => {
    await using world = await setup()
    const socket = connect({ port: portOf(world.info), host: "127.0.0.1", allowHalfOpen: true })
    await once(socket, "connect")
    let text = ""
    socket.on("data", (data) => {
      text += data.toString("latin1")
    })
    const ended = once(socket, "end")
    const broken = once(socket, "error").then(() => {}, () => {})
    socket.write(bytes)
    await ended
    assert.match(text, new RegExp(`^HTTP/1.1 ${status} `))
    assert.match(text, /connection: close/i)
    // this side stays open and goes on writing until it is told that nobody reads
    const writing = setInterval(() => socket.write("x"), 100)
    await broken
    clearInterval(writing)
  })
})

describe("the admin API", () => {
  it("answers those who came to the address that it listens on, or to a name it allows, and no others", async (context) => {
    const outside = Object.values(networkInterfaces()).flat()
      .find((address) => address?.family === "IPv4" && !address.internal)?.address
    if (outside === undefined) return context.skip("this machine has no other address")
    await using world = await setup({ host: "0.0.0.0", allowedHosts: ["Sandbox.test"] })
    const status = async (host: string, name: string) => {
      const client = await open(portOf(world.info), host)
      client.write(`GET /_sandbox HTTP/1.1\r\nHost: ${name}\r\n\r\n`)
      const [answer] = await client.answers(1)
      client.socket.destroy()
      return answer
    }
    assert.strictEqual(await status(outside, `${outside}:4000`), "200")
    assert.strictEqual(await status(outside, "sandbox.test:4000"), "200")
    assert.strictEqual(await status("127.0.0.1", "localhost"), "200")
    assert.strictEqual(await status("127.0.0.1", outside), "403")
    assert.strictEqual(await status(outside, "sandbox.example"), "403")
    assert.strictEqual(await status(outside, "203.0.113.5"), "403")
  })
})

describe("a session", () => {
  it("is not resumed with a token that is none of this server's", async () => {
    await using world = await setup()
    const first = await Client.open(world.info.ws)
    const { authorization_state, protocol } = await first.connect(world.ada.token)
    first.close()
    await first.closed
    for (const token of ["garbage", `${world.ada.token}x`, world.ada.token.slice(0, -4)]) {
      const thief = await Client.open(world.info.ws)
      thief.send({
        id: "c",
        method: "signalwire.connect",
        params: {
          version: { major: 4, minor: 0, revision: 0 },
          event_acks: true,
          protocol,
          authorization_state,
          authentication: { jwt_token: token }
        }
      })
      assert.strictEqual((await thief.next()).error?.code, -32_002)
      thief.close()
    }
    const again = await Client.open(world.info.ws)
    const { result } = await again.connect(world.ada.token, { protocol, authorization_state })
    assert.isTrue(result.session_restored)
  })
})

describe("a token", () => {
  it.each(["1e308", "-1", "8000000001", "\"tomorrow\"", "1e400"])(
    "that is to expire at %s is refused",
    async (expireAt) => {
      await using world = await setup()
      const { apiToken, http, projectId } = world.info
      const response = await fetch(`${http}/api/fabric/subscribers/tokens`, {
        method: "POST",
        headers: { "authorization": `Basic ${btoa(`${projectId}:${apiToken}`)}`, "content-type": "application/json" },
        body: `{"reference":"ada","expire_at":${expireAt}}`
      })
      assert.strictEqual(response.status, 422)
      const { errors: [error] } = await response.json()
      assert.strictEqual(error.attribute, "expire_at")
    }
  )
  it.each([
    ["scope", ["x".repeat(101)]],
    ["scope", Array.from({ length: 33 }, () => "x")],
    ["application_id", "x".repeat(101)]
  ])("with a %s that is too long is refused", async (attribute, value) => {
    await using world = await setup()
    const { apiToken, http, projectId } = world.info
    const response = await fetch(`${http}/api/fabric/subscribers/tokens`, {
      method: "POST",
      headers: { "authorization": `Basic ${btoa(`${projectId}:${apiToken}`)}`, "content-type": "application/json" },
      body: JSON.stringify({ reference: "ada", [attribute]: value })
    })
    assert.strictEqual(response.status, 422)
    const { errors: [error] } = await response.json()
    assert.strictEqual(error.attribute, attribute)
  })
})

describe("connections", () => {
  /** A server whose answers are longer than what a connection takes, and clients that do not read them. */
  const unread = async (length: number) => {
    const node = createServer()
    const connections = new Connections(node)
    connections.serve({ handle: (_, response) => response.end(Buffer.alloc(length)), upgrade: () => {} })
    await once(node.listen(0, "127.0.0.1"), "listening")
    const port = portOfServer(node)
    const clients: Array<Socket> = []
    const accepted: Array<Socket> = []
    node.on("connection", (socket: Socket) => accepted.push(socket))
    return {
      connections,
      accepted,
      client: async () => {
        const socket = connect(port, "127.0.0.1")
        await once(socket, "connect")
        socket.pause().on("error", () => {}).write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        clients.push(socket)
        const server = accepted.at(-1)
        await until(() => server?.writableLength !== 0)
        return { client: socket, server }
      },
      [Symbol.asyncDispose]: async () => {
        connections.close()
        for (const client of clients) client.destroy()
        await new Promise((resolve) => node.close(resolve))
      }
    }
  }
  it("whose clients read nothing for half a minute are broken, and those that read are not", async () => {
    await using world = await unread(16 * 1024 * 1024)
    const [stuck, reading] = [await world.client(), await world.client()]
    world.connections.check(0)
    world.connections.check(20_000)
    reading.client.resume()
    await once(reading.client, "data")
    await until(() => reading.server?.writableLength === 0)
    world.connections.check(29_000)
    assert.isFalse(stuck.server?.destroyed)
    world.connections.check(30_000)
    assert.isTrue(stuck.server?.destroyed)
    assert.isFalse(reading.server?.destroyed)
  })
  it("in which more waits than there is room for are broken, those with most first", async () => {
    await using world = await unread(24 * 1024 * 1024)
    const all = [await world.client(), await world.client(), await world.client(), await world.client()]
    world.connections.check(0)
    const left = all.filter(({ server }) => server?.destroyed === false)
    assert.isAtLeast(left.length, 1)
    assert.isBelow(left.length, 4)
  })
  it("that ask for a WebSocket while nothing is served yet, and are reset, harm nobody", async () => {
    const node = createServer()
    const connections = new Connections(node)
    await once(node.listen(0, "127.0.0.1"), "listening")
    const asked = once(node, "upgrade")
    const client = await open(portOfServer(node))
    client.write(upgrade("/"))
    client.socket.resetAndDestroy()
    await asked
    const again = await open(portOfServer(node))
    again.write(upgrade("/"))
    await again.closed
    assert.match(again.text(), /^HTTP\/1.1 503 /)
    connections.close()
    await new Promise((resolve) => node.close(resolve))
  })
  it("on which TLS was never spoken are closed with the rest", async () => {
    const node = createSecureServer()
    const connections = new Connections(node)
    await once(node.listen(0, "127.0.0.1"), "listening")
    const client = await open(portOfServer(node))
    connections.close()
    await client.closed
    await new Promise((resolve) => node.close(resolve))
    assert.isFalse(node.listening)
  })
  it("are refused once they were closed", async () => {
    const node = createServer()
    const connections = new Connections(node)
    await once(node.listen(0, "127.0.0.1"), "listening")
    const port = portOfServer(node)
    connections.close()
    const client = await open(port)
    await client.closed
    assert.strictEqual(client.text(), "")
    node.close()
  })
})
