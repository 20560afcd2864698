/** Servers at unusual URLs: behind a reverse proxy under a path, and on other loopback addresses. */
import { SignalWire, type SignalWireClient } from "@effect-signalwire/promise"
import { once } from "node:events"
import * as Http from "node:http"
import * as Net from "node:net"
import { assert, describe, it } from "vitest"
import { collect, fastOptions, MessageRecorder, openSandbox, texts } from "./support.ts"

/** A reverse proxy that serves `origin` under one path for requests and another for sockets. */
const proxy = async (origin: string, paths: { readonly http: string; readonly ws: string }) => {
  const { hostname, port: to } = new URL(origin)
  const forwarded: Array<string> = []
  const sockets = new Set<Net.Socket>()
  const server = Http.createServer((request, response) => {
    const { headers, method, url = "" } = request
    if (!url.startsWith(`${paths.http}/`)) return void response.writeHead(404).end()
    forwarded.push(url)
    const path = url.slice(paths.http.length)
    request.pipe(
      Http.request({ hostname, port: to, method, path, headers }, (upstream) => {
        upstream.pipe(response.writeHead(upstream.statusCode ?? 502, upstream.headers))
      })
    )
  })
  server.on("connection", (socket: Net.Socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  server.on("upgrade", ({ method, rawHeaders, url = "" }, socket, head) => {
    if (url !== paths.ws) return void socket.destroy()
    forwarded.push(url)
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
    forwarded,
    urls: { http: `http://127.0.0.1:${port}${paths.http}`, ws: `ws://127.0.0.1:${port}${paths.ws}` },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, "close")
    }
  }
}

/** Joins, subscribes, sends, receives what was sent, and reads it back page by page. */
const useConversation = async ({ conversation }: SignalWireClient, addressId: string): Promise<void> => {
  await conversation.join({ addressId })
  const received = new MessageRecorder()
  await conversation.subscribe(received.push)
  for (const text of ["first", "second", "third"]) await conversation.sendMessage({ addressId, text })
  assert.deepStrictEqual(await received.waitForText("third"), ["first", "second", "third"])
  const page = await conversation.getConversationMessages({ addressId, pageSize: 1 })
  assert.deepStrictEqual(texts(await collect(page)), ["third", "second", "first"])
}

describe("a service behind a reverse proxy", () => {
  it("is used under the paths of its URLs, also when links lack the path", async () => {
    await using sandbox = await openSandbox()
    await using middle = await proxy(sandbox.info.http, { http: "/signalwire", ws: "/signalwire-ws" })
    const client = await sandbox.client({ token: sandbox.ada.token, urls: middle.urls })
    await useConversation(client, sandbox.addressId)
    assert.include(middle.forwarded, "/signalwire-ws")
    const pages = middle.forwarded.filter((url) => url.includes("page_token="))
    assert.isNotEmpty(pages)
    for (const page of pages) assert.match(page, /^\/signalwire\/api\/fabric\/conversations\//)
  })
})

describe("a sandbox on", () => {
  it.each(["::1", "localhost"])("%s is reached by its URLs, and with a token alone", async (host) => {
    await using sandbox = await openSandbox("all", { host })
    await useConversation(await sandbox.client({ token: sandbox.ada.token }), sandbox.addressId)
    await using client = await SignalWire({ ...fastOptions, token: sandbox.grace.token })
    await client.conversation.join({ addressId: sandbox.addressId })
    await client.conversation.subscribe(() => {})
    assert.strictEqual(client.connection.state._tag, "Connected")
  })

  it("::1 is written with brackets in URLs and in the host option", async () => {
    await using sandbox = await openSandbox("all", { host: "::1" })
    const { host } = new URL(sandbox.info.http)
    assert.match(host, /^\[::1\]:\d+$/)
    assert.deepStrictEqual(sandbox.urls, { http: `http://${host}`, ws: `ws://${host}` })
    await using client = await SignalWire({ ...fastOptions, token: sandbox.ada.token, host })
    await useConversation(client, sandbox.addressId)
  })
})
