/** Resource limits, and the handling of invalid input. */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { assert, describe, it } from "@effect/vitest"
import { connect } from "node:net"
import { networkInterfaces } from "node:os"
import { join } from "node:path"
import { Client, fixtures, request, temporary } from "./support.ts"

const setup = async (options?: Sandbox.Options) => {
  const info = await Sandbox.start(options)
  const { ada, grace } = fixtures(info)
  return {
    info,
    ada,
    grace,
    /** Posts a body. */
    post: async (body: string | Uint8Array<ArrayBuffer>) => {
      const response = await fetch(`${info.http}/api/fabric/messages`, {
        method: "POST",
        headers: { authorization: `Bearer ${ada.token}` },
        body
      })
      return { status: response.status, text: await response.text() }
    },
    [Symbol.asyncDispose]: () => info.stop()
  }
}
const codeOf = ({ text }: { readonly text: string }): string => JSON.parse(text).errors[0].code

/** Writes bytes, and returns what the server writes until it closes the connection. */
const exchange = (info: Sandbox.Info, bytes: string | Uint8Array, port = new URL(info.http).port, host = "127.0.0.1") =>
  new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), host, () => socket.write(bytes))
    let text = ""
    socket.on("data", (data) => {
      text += String(data)
    })
    socket.on("error", reject)
    socket.on("close", () => resolve(text))
  })

describe("a connection", () => {
  it("is accepted on the loopback interface only, by default", async (context) => {
    await using world = await setup()
    const outside = Object.values(networkInterfaces()).flat()
      .find((address) => address?.family === "IPv4" && !address.internal)
    if (outside === undefined) return context.skip("This machine has no other address")
    const error = await exchange(world.info, "", undefined, outside.address).catch((error: unknown) => error)
    assert.include(String(error), "ECONNREFUSED")
  })
  it("with long headers fails with 431", async () => {
    await using world = await setup()
    assert.match(
      await exchange(world.info, `GET / HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(20_000)}\r\n\r\n`),
      /^HTTP\/1.1 431 /
    )
  })
  it.each([
    "GET /api",
    "POST /api/fabric/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer TOKEN\r\nContent-Length: 10\r\n\r\n{"
  ])(
    "that is slow fails with 408, and others do not: %j",
    async (half) => {
      await using world = await setup({ requestTimeout: 500 })
      const slow = exchange(world.info, half.replace("TOKEN", world.ada.token))
      assert.strictEqual((await request(world.info, "GET", "/api/fabric/messages", world.ada)).status, 200)
      assert.match(await slow, /^HTTP\/1.1 408 /)
    }
  )
  it("that exceeds the maximum of sockets fails with 503, until one is closed", async () => {
    await using world = await setup({ maxSockets: 2 })
    const first = await Client.open(world.info.ws)
    await first.connect(world.ada.token)
    await Client.open(world.info.ws)
    const refused = await exchange(
      world.info,
      "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert.match(refused, /^HTTP\/1.1 503 /)
    assert.match(refused, /Too many sockets/)
    first.close()
    await first.closed
    const next = await Client.open(world.info.ws)
    await next.connect(world.ada.token)
  })
  it("that exceeds a subscriber's maximum of sockets is rejected, and those of other subscribers are not", async () => {
    await using world = await setup({ maxSocketsPerSubscriber: 1 })
    const first = await Client.open(world.info.ws)
    await first.connect(world.ada.token)
    const second = await Client.open(world.info.ws)
    second.send({
      id: "c",
      method: "signalwire.connect",
      params: {
        version: { major: 4, minor: 0, revision: 0 },
        authentication: { jwt_token: world.ada.token }
      }
    })
    assert.deepStrictEqual((await second.next()).error, {
      code: -32001,
      message: "The subscriber has too many open sockets"
    })
    assert.strictEqual(await second.closed, 1013)
    const other = await Client.open(world.info.ws)
    await other.connect(world.grace.token)
  })
})

describe("a body", () => {
  it("is limited in length and depth", async () => {
    await using world = await setup()
    assert.strictEqual((await world.post(" ".repeat(512 * 1024 + 1))).status, 413)
    const deep = (depth: number) => `{"text":"x","metadata":${"{\"a\":".repeat(depth)}1${"}".repeat(depth)}}`
    assert.strictEqual((await world.post(deep(64))).status, 400)
    assert.strictEqual((await world.post(deep(50_000))).status, 400)
    assert.strictEqual((await world.post(deep(10))).status, 422)
  })
  it.each([
    ["text", "x".repeat(10_001), "message_length_exceeds_limit"],
    ["text", "a\ud800b", "invalid_message_body"],
    ["text", 1, "invalid_message_body"],
    ["metadata", { a: "x".repeat(32_768) }, "character_limit_exceeded"],
    ["details", { a: "x".repeat(32_768) }, "character_limit_exceeded"],
    ["metadata", [], "not_a_hash"],
    ["conversation_id", { toString: 1 }, "not_a_string"]
  ])("with an invalid %s is rejected", async (name, value, code) => {
    await using world = await setup()
    const response = await world.post(
      JSON.stringify({ conversation_id: world.grace.addressId, text: "x", [name]: value })
    )
    assert.strictEqual(response.status, 422)
    assert.strictEqual(codeOf(response), code)
  })
  it("can have any keys and numbers, which are returned as parsed JSON, also from the file", async () => {
    using directory = temporary()
    const data = join(directory.path, "data.db")
    const written =
      `{"__proto__":{"admin":true},"constructor":1,"toString":null,"big":1e999,"id":9007199254740993,"a":1,"a":2}`
    const expected =
      `{"__proto__":{"admin":true},"constructor":1,"toString":null,"big":null,"id":9007199254740992,"a":2}`
    const read = async (info: Sandbox.Info, token: string) => {
      const response = await fetch(`${info.http}/api/fabric/messages`, {
        headers: { authorization: `Bearer ${token}` }
      })
      return await response.text()
    }
    {
      await using world = await setup({ data })
      const body = `{"conversation_id":"${world.grace.addressId}","text":"a\\u0000b","metadata":${written}}`
      assert.strictEqual((await world.post(body)).status, 200)
      assert.include(await read(world.info, world.ada.token), `"metadata":${expected}`)
    }
    await using world = await setup({ data })
    const again = await read(world.info, world.ada.token)
    assert.include(again, `"metadata":${expected}`)
    assert.include(again, `"text":"a\\u0000b"`)
  })
  it("that is not UTF-8 or not JSON is rejected", async () => {
    await using world = await setup()
    assert.strictEqual((await world.post(Uint8Array.of(0xff, 0xfe, 0x00))).status, 400)
    assert.strictEqual((await world.post("{\"text\":")).status, 400)
    assert.strictEqual((await world.post("")).status, 400)
    assert.strictEqual((await world.post("null")).status, 400)
  })
  it("of the admin API cannot store invalid times and names", async () => {
    await using world = await setup()
    const seed = (more: object) =>
      request(world.info, "POST", "/_sandbox/messages", {
        body: { messages: [{ from: world.ada.id, addressId: world.grace.addressId, text: "x", ...more }] }
      })
    assert.strictEqual((await seed({ ts: 1e300 })).status, 422)
    assert.strictEqual((await seed({ kind: "a\ud800" })).status, 422)
    const name = await request(world.info, "POST", "/_sandbox/subscribers", { body: { name: "a\ud800" } })
    assert.strictEqual(name.status, 422)
    assert.strictEqual((await request(world.info, "GET", "/api/fabric/conversations", world.ada)).status, 200)
  })
})

describe("a frame", () => {
  it.each<[string, string | Uint8Array<ArrayBuffer>, number]>([
    ["that is not JSON", "{", -32_700],
    ["that is not an object", "[1]", -32_600],
    ["with an id that is neither a string nor a number", "{\"id\":{},\"method\":\"signalwire.ping\"}", -32_600],
    ["without an id", "{\"method\":\"signalwire.ping\"}", -32_600],
    ["of bytes that are not UTF-8", Uint8Array.of(0xff, 0xfe), -32_700],
    ["that is nested deeply", "[".repeat(50_000), -32_700]
  ])("%s gets the matching error code", async (_, frame, code) => {
    await using world = await setup()
    const client = await Client.open(world.info.ws)
    await client.connect(world.ada.token)
    client.sendRaw(frame)
    const response = await client.next()
    assert.strictEqual(response.error?.code, code)
    client.send({ id: "p", method: "signalwire.ping" })
    assert.strictEqual((await client.next()).id, "p")
  })
  it("of binary JSON is handled", async () => {
    await using world = await setup()
    const client = await Client.open(world.info.ws)
    await client.connect(world.ada.token)
    client.sendRaw(new TextEncoder().encode("{\"id\":\"b\",\"method\":\"signalwire.ping\"}"))
    assert.strictEqual((await client.next()).id, "b")
  })
  it("that is incomplete or of an unknown type does not affect other connections", async () => {
    await using world = await setup()
    const upgrade = Buffer.from(
      "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    const client = await Client.open(world.info.ws)
    await client.connect(world.ada.token)
    const half = connect(
      Number(new URL(world.info.http).port),
      "127.0.0.1",
      () => half.write(Buffer.concat([upgrade, Buffer.from([0x01, 0x85, 0, 0, 0, 0, 0x7b])]))
    )
    const unmasked = await exchange(world.info, Buffer.concat([upgrade, Buffer.from([0x81, 0x01, 0x7b])]))
    assert.match(unmasked, /^HTTP\/1.1 101 /)
    const tooLong = Buffer.from([0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    assert.match(await exchange(world.info, Buffer.concat([upgrade, tooLong])), /^HTTP\/1.1 101 /)
    client.send({ id: "p", method: "signalwire.ping" })
    assert.strictEqual((await client.next()).id, "p")
    half.destroy()
  })
})
