/** The limits of connections, tested with raw bytes. */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { assert, describe, it, vi } from "@effect/vitest"
import { once } from "node:events"
import { createServer } from "node:http"
import { createServer as createSecureServer } from "node:https"
import { connect, type Server, type Socket } from "node:net"
import { networkInterfaces } from "node:os"
import { Connections } from "../src/internal/connections.ts"
import { Client, fixtures, request } from "./support.ts"

/** Opens a connection, and collects the received data. */
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
    /** Waits for `count` responses, and returns their status codes. */
    statuses: async (count: number) => {
      while (text.split("HTTP/1.1 ").length - 1 < count) {
        await Promise.race([once(socket, "data"), closed])
        if (socket.destroyed) break
      }
      return [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
    }
  }
}
/** Waits until a condition is true. */
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
const portOfServer = (node: Server): number => {
  const address = node.address()
  return typeof address === "object" ? address?.port ?? 0 : 0
}
const portOf = ({ http }: Sandbox.Info) => Number(new URL(http).port)

const setup = async (options?: Sandbox.Options) => {
  const info = await Sandbox.start(options)
  const { ada, grace } = fixtures(info)
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
  it("are handled one after the other, with responses in order", async () => {
    await using world = await setup()
    const client = await open(portOf(world.info))
    client.write(world.post() + world.get + world.post("", "{}") + world.get)
    assert.deepStrictEqual(await client.statuses(4), ["200", "200", "422", "200"])
    client.socket.destroy()
  })
  it("break the connection if too many are pipelined, and none of those that waited is handled", async () => {
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
        "an unknown path",
        () => "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + "x".repeat(200_000),
        "404"
      ]
    ] as const
  )("continue after one was rejected because of %s", async (_, refused, status) => {
    await using world = await setup()
    const client = await open(portOf(world.info))
    client.write(refused(world))
    client.write(world.get)
    assert.deepStrictEqual(await client.statuses(2), [status, "200"])
    client.socket.destroy()
  })
  it("end with one whose body is too long, which fails with 413", async () => {
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

describe("a request body that exceeds the memory budget", () => {
  it.each([["with its length", "Content-Length: 80000"], ["in chunks", "Transfer-Encoding: chunked"]])(
    "%s fails with 503 if it is the largest, and a later one is handled",
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
  it("breaks its connection if it was read already, because its message may be stored", async () => {
    await using world = await setup({ maxHeldBytes: 100_000, wireLog: true })
    await request(world.info, "PUT", "/_sandbox/faults", {
      body: { rules: [{ match: { on: "http", method: "POST" }, action: { type: "silent" }, times: 1 }] }
    })
    const post = (length: number) =>
      world.post("", JSON.stringify({ conversation_id: world.grace.addressId, text: "hi", x: "y".repeat(length) }))
    const large = await open(portOf(world.info))
    large.write(post(80_000))
    // the body is logged when it was read
    await vi.waitFor(async () => {
      assert.isNotEmpty((await request(world.info, "GET", "/_sandbox/log")).body.entries)
    }, { timeout: 60_000 })
    const later = await open(portOf(world.info))
    later.write(post(50_000))
    await large.closed
    assert.strictEqual(large.text(), "")
    assert.deepStrictEqual(await later.statuses(1), ["200"])
    later.socket.destroy()
  })
})

describe("a request that asks for another protocol", () => {
  it.each([
    "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
    "Upgrade: websocket\r\nConnection: Upgrade\r\n",
    "Upgrade: TLS/1.0\r\nConnection: keep-alive, upgrade\r\n"
  ])(
    "is handled normally if it has a body, and the connection stays open: %j",
    async (headers) => {
      await using world = await setup()
      const client = await open(portOf(world.info))
      client.write(world.post(headers))
      client.write(world.get)
      assert.deepStrictEqual(await client.statuses(2), ["200", "200"])
      assert.strictEqual(await world.stored(), 1)
      client.socket.destroy()
    }
  )
  it("is handled if its body arrives in chunks", async () => {
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
    assert.deepStrictEqual(await client.statuses(1), ["200"])
    assert.strictEqual(await world.stored(), 1)
    client.socket.destroy()
  })
  it("other than WebSocket is handled normally", async () => {
    await using world = await setup()
    const client = await open(portOf(world.info))
    client.write(world.get.replace("\r\n\r\n", "\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"))
    client.write(world.get)
    assert.deepStrictEqual(await client.statuses(2), ["200", "200"])
    client.socket.destroy()
  })
  it("leaks no listeners on its connection", async () => {
    await using world = await setup()
    const warnings: Array<Error> = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on("warning", onWarning)
    const client = await open(portOf(world.info))
    for (let n = 0; n < 20; n++) {
      client.write(world.get.replace("\r\n\r\n", "\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"))
      await client.statuses(n + 1)
    }
    client.socket.destroy()
    process.off("warning", onWarning)
    assert.deepStrictEqual(warnings, [])
  })
})

describe("a rejected WebSocket upgrade", () => {
  it.each([
    ["at another path", upgrade("/api/fabric/messages"), "401"],
    ["at no path", upgrade("/nowhere"), "404"],
    ["of another version", upgrade("/", "Sec-WebSocket-Version: 99\r\n"), "400"],
    ["without a key", upgrade("/").replace(/Sec-WebSocket-Key.*\r\n/, ""), "400"]
  ])(
    "%s gets a response, and its connection is closed even if the client keeps its end open",
    async (_, bytes, status) => {
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
      // this side stays open and keeps writing until the connection is reset
      const writing = setInterval(() => socket.write("x"), 100)
      await broken
      clearInterval(writing)
    }
  )
})

describe("the admin API", () => {
  it("accepts requests to the address that they were received on and to allowed host names only", async (context) => {
    const outside = Object.values(networkInterfaces()).flat()
      .find((address) => address?.family === "IPv4" && !address.internal)?.address
    if (outside === undefined) return context.skip("This machine has no other address")
    await using world = await setup({ host: "0.0.0.0", allowedHosts: ["Sandbox.test"] })
    const statusOf = async (host: string, name: string) => {
      const client = await open(portOf(world.info), host)
      client.write(`GET /_sandbox HTTP/1.1\r\nHost: ${name}\r\n\r\n`)
      const [status] = await client.statuses(1)
      client.socket.destroy()
      return status
    }
    assert.strictEqual(await statusOf(outside, `${outside}:4000`), "200")
    assert.strictEqual(await statusOf(outside, "sandbox.test:4000"), "200")
    assert.strictEqual(await statusOf("127.0.0.1", "localhost"), "200")
    assert.strictEqual(await statusOf("127.0.0.1", outside), "403")
    assert.strictEqual(await statusOf(outside, "sandbox.example"), "403")
    assert.strictEqual(await statusOf(outside, "203.0.113.5"), "403")
  })
})

describe("a session", () => {
  it("is not resumed with a token that the server has not minted", async () => {
    await using world = await setup()
    const first = await Client.open(world.info.ws)
    const { authorization_state, protocol } = await first.connect(world.ada.token)
    first.close()
    await first.closed
    for (const token of ["garbage", `${world.ada.token}x`, world.ada.token.slice(0, -4)]) {
      const foreign = await Client.open(world.info.ws)
      foreign.send({
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
      assert.strictEqual((await foreign.next()).error?.code, -32_002)
      foreign.close()
    }
    const again = await Client.open(world.info.ws)
    const { result } = await again.connect(world.ada.token, { protocol, authorization_state })
    assert.isTrue(result.session_restored)
  })
})

describe("a token", () => {
  it.each(["1e308", "-1", "8000000001", "\"tomorrow\"", "1e400"])(
    "with an invalid expiry is rejected: %s",
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
  ])("with a %s that is too long is rejected", async (attribute, value) => {
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
  /** A server whose responses do not fit into the buffers of a connection, and clients that do not read them. */
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
  it("are broken if their clients do not read for half a minute", async () => {
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
  it("are broken, those with the most pending data first, if the total is too large", async () => {
    await using world = await unread(24 * 1024 * 1024)
    const all = [await world.client(), await world.client(), await world.client(), await world.client()]
    world.connections.check(0)
    const left = all.filter(({ server }) => server?.destroyed === false)
    assert.isAtLeast(left.length, 1)
    assert.isBelow(left.length, 4)
  })
  it("that ask for a WebSocket before the server is ready, and are reset, do not affect others", async () => {
    const node = createServer()
    const connections = new Connections(node)
    await once(node.listen(0, "127.0.0.1"), "listening")
    const upgraded = once(node, "upgrade")
    const client = await open(portOfServer(node))
    client.write(upgrade("/"))
    client.socket.resetAndDestroy()
    await upgraded
    const again = await open(portOfServer(node))
    again.write(upgrade("/"))
    await again.closed
    assert.match(again.text(), /^HTTP\/1.1 503 /)
    connections.close()
    await new Promise((resolve) => node.close(resolve))
  })
  it("without a TLS handshake are closed with the server", async () => {
    const node = createSecureServer()
    const connections = new Connections(node)
    await once(node.listen(0, "127.0.0.1"), "listening")
    const client = await open(portOfServer(node))
    connections.close()
    await client.closed
    await new Promise((resolve) => node.close(resolve))
    assert.isFalse(node.listening)
  })
  it("are refused once the server was closed", async () => {
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
