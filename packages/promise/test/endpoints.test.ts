/** Where the service may be: behind a reverse proxy that serves it under a path, and on other loopback addresses. */
import { SignalWire, type SignalWireClient } from "@effect-signalwire/promise"
import { once } from "node:events"
import * as Http from "node:http"
import * as Net from "node:net"
import { assert, describe, it } from "vitest"
import { collect, fastOptions, MessageRecorder, openSandbox, texts } from "./support.ts"

/** A reverse proxy that serves what is at `origin` under one path for requests and another for sockets. */
const proxy = async (origin: string, paths: { readonly http: string; readonly ws: string }) => {
  const { hostname, port: to } = new URL(origin)
  const passed: Array<string> = []
  const sockets = new Set<Net.Socket>()
  const server = Http.createServer((request, response) => {
    const { headers, method, url = "" } = request
    if (!url.startsWith(`${paths.http}/`)) return void response.writeHead(404).end()
    passed.push(url)
    const path = url.slice(paths.http.length)
    request.pipe(
      Http.request({ hostname, port: to, method, path, headers }, (answer) => {
        answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers))
      })
    )
  })
  server.on("connection", (socket: Net.Socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  server.on("upgrade", ({ method, rawHeaders, url = "" }, socket, head) => {
    if (url !== paths.ws) return void socket.destroy()
    passed.push(url)
    const lines = rawHeaders.flatMap((name, index) => index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : [])
    const upstream = Net.connect(Number(to), hostname)
    for (const end of [socket, upstream]) end.on("error", () => {})
    upstream.write([`${method} / HTTP/1.1`, ...lines, "", ""].join("\r\n"))
    upstream.write(head)
    socket.pipe(upstream).pipe(socket)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return {
    passed,
    urls: { http: `http://127.0.0.1:${port}${paths.http}`, ws: `ws://127.0.0.1:${port}${paths.ws}` },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, "close")
    }
  }
}

/** Joins, subscribes, sends, hears what was sent, and reads it back page by page. */
const mainJob = async ({ conversation }: SignalWireClient, addressId: string): Promise<void> => {
  await conversation.join({ addressId })
  const heard = new MessageRecorder()
  await conversation.subscribe(heard.push)
  for (const text of ["first", "second", "third"]) await conversation.sendMessage({ addressId, text })
  assert.deepStrictEqual(await heard.waitForText("third"), ["first", "second", "third"])
  const page = await conversation.getConversationMessages({ addressId, pageSize: 1 })
  assert.deepStrictEqual(texts(await collect(page)), ["third", "second", "first"])
}

describe("a service behind a reverse proxy", () => {
  it("is used under the paths that the URLs have, through links that do not know of them as well", async () => {
    await using world = await openSandbox()
    await using middle = await proxy(world.info.http, { http: "/signalwire", ws: "/signalwire-ws" })
    const client = await world.client({ token: world.ada.token, urls: middle.urls })
    await mainJob(client, world.addressId)
    assert.include(middle.passed, "/signalwire-ws")
    const pages = middle.passed.filter((url) => url.includes("page_token="))
    assert.isNotEmpty(pages)
    for (const page of pages) assert.match(page, /^\/signalwire\/api\/fabric\/conversations\//)
  })
})

describe("a sandbox on", () => {
  it.each(["::1", "localhost"])("%s is reached by its URLs, and by its tokens alone", async (host) => {
    await using world = await openSandbox("all", { host })
    await mainJob(await world.client({ token: world.ada.token }), world.addressId)
    await using client = await SignalWire({ ...fastOptions, token: world.grace.token })
    await client.conversation.join({ addressId: world.addressId })
    await client.conversation.subscribe(() => {})
    assert.strictEqual(client.connection.state._tag, "Connected")
  })

  it("::1 is named with brackets in URLs, and in the host option", async () => {
    await using world = await openSandbox("all", { host: "::1" })
    const { host } = new URL(world.info.http)
    assert.match(host, /^\[::1\]:\d+$/)
    assert.deepStrictEqual(world.urls, { http: `http://${host}`, ws: `ws://${host}` })
    await using client = await SignalWire({ ...fastOptions, token: world.ada.token, host })
    await mainJob(client, world.addressId)
  })
})
