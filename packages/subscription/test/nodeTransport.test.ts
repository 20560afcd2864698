/** Tests of how the connection below Node's `WebSocket` is found, with diagnostics channels that the test publishes on. */
import { assert, describe, it } from "@effect/vitest"
import { afterEach, beforeEach, vi } from "vitest"
import { dialWithTransport } from "../src/internal/nodeTransport.ts"
import { getRejectedUpgrade } from "../src/internal/rejectedUpgrade.ts"

type Listener = (message: unknown) => void

const makeChannels = () => {
  const listeners = new Set<readonly [channel: string, listener: Listener]>()
  return {
    subscribe: (channel: string, listener: Listener) => void listeners.add([channel, listener]),
    unsubscribe: (channel: string, listener: Listener) => {
      for (const each of listeners) if (each[0] === channel && each[1] === listener) listeners.delete(each)
    },
    publish: (channel: string, message: object) => {
      for (const [name, listener] of listeners) if (name === channel) listener(message)
    },
    subscriptions: () => listeners.size
  }
}

let channels = makeChannels()

beforeEach(() => {
  channels = makeChannels()
  vi.stubGlobal("process", Object.create(process, { getBuiltinModule: { value: () => channels } }))
})
afterEach(() => {
  vi.unstubAllGlobals()
})

const address = "wss://a.test:8443/path?query"
const upgrade = { upgrade: "websocket", path: "/path?query", origin: "https://a.test:8443" }

/** Dials `url`; whatever the platform does with the socket of the test is not seen. */
const dial = (url = address) => {
  const webSocket = new WebSocket("ws://127.0.0.1:9")
  return dialWithTransport(url, () => webSocket)
}

const makeSocket = (localPort = 5000) => ({ localPort, cork: () => {}, uncork: () => {}, destroy: () => {} })

/** Publishes what Node does as it opens a socket. */
const publishOpening = (webSocket: WebSocket, request: object, socket: object, port = 5000) => {
  channels.publish("undici:request:create", { request })
  channels.publish("undici:client:sendHeaders", { request, socket })
  channels.publish("undici:websocket:open", { websocket: webSocket, address: { port } })
}

const rejectWith = (request: object, response: object) => {
  channels.publish("undici:request:create", { request })
  channels.publish("undici:request:headers", { request, response })
}

describe("the transport of a socket", () => {
  it("is the connection on which its upgrade request is sent, once it is open", () => {
    const { transport, webSocket } = dial()
    const socket = makeSocket()
    const request = { ...upgrade }
    channels.publish("undici:request:create", { request })
    channels.publish("undici:client:sendHeaders", { request, socket })
    assert.isUndefined(transport())
    channels.publish("undici:websocket:open", { websocket: webSocket, address: { port: 5000 } })
    assert.strictEqual(transport(), socket)
  })

  it.each([
    ["that is no upgrade", { ...upgrade, upgrade: undefined }],
    ["to another path", { ...upgrade, path: "/other" }],
    ["with another query", { ...upgrade, path: "/path" }],
    ["to another host", { ...upgrade, origin: "https://b.test:8443" }],
    ["that is not encrypted", { ...upgrade, origin: "http://a.test:8443" }]
  ])("is not that of a request %s", (_, request) => {
    const { transport, webSocket } = dial()
    publishOpening(webSocket, request, makeSocket())
    assert.isUndefined(transport())
  })

  it("is not that of another request of the same platform", () => {
    const { transport, webSocket } = dial()
    const socket = makeSocket()
    const request = { ...upgrade }
    channels.publish("undici:client:sendHeaders", { request: undefined, socket: makeSocket() })
    channels.publish("undici:request:create", { request })
    channels.publish("undici:client:sendHeaders", { request, socket })
    channels.publish("undici:client:sendHeaders", { request: { ...upgrade }, socket: makeSocket() })
    channels.publish("undici:websocket:open", { websocket: webSocket, address: { port: 5000 } })
    assert.strictEqual(transport(), socket)
  })

  it("stays unknown when another socket opens, or one whose port is not that of the connection", () => {
    const { transport, webSocket } = dial()
    const other = dial()
    const request = { ...upgrade }
    publishOpening(other.webSocket, request, makeSocket())
    assert.isUndefined(transport())
    channels.publish("undici:websocket:open", { websocket: webSocket, address: { port: 5001 } })
    assert.isUndefined(transport())
  })

  it.each(["cork", "uncork", "destroy"])("stays unknown where its connection has no method %s", (method) => {
    const { transport, webSocket } = dial()
    publishOpening(webSocket, { ...upgrade }, { ...makeSocket(), [method]: undefined })
    assert.isUndefined(transport())
  })

  it("is found for each of two sockets that dial the same URL, in the order in which they dial", () => {
    const [first, second] = [dial(), dial()]
    const sockets = [makeSocket(1), makeSocket(2)] as const
    const requests = [{ ...upgrade }, { ...upgrade }] as const
    for (const request of requests) channels.publish("undici:request:create", { request })
    channels.publish("undici:client:sendHeaders", { request: requests[1], socket: sockets[1] })
    channels.publish("undici:client:sendHeaders", { request: requests[0], socket: sockets[0] })
    channels.publish("undici:websocket:open", { websocket: second.webSocket, address: { port: 2 } })
    channels.publish("undici:websocket:open", { websocket: first.webSocket, address: { port: 1 } })
    assert.deepStrictEqual([first.transport(), second.transport()], [...sockets])
  })

  it("stays unknown where the platform has no diagnostics channels", () => {
    const withModule = (module: unknown) => Object.create(process, { getBuiltinModule: { value: () => module } })
    const { subscribe, unsubscribe } = channels
    for (const platform of [undefined, null, ...[undefined, { subscribe }, { unsubscribe }].map(withModule)]) {
      vi.stubGlobal("process", platform)
      const { transport, webSocket } = dial()
      vi.unstubAllGlobals()
      assert.instanceOf(webSocket, WebSocket)
      assert.isUndefined(transport())
    }
  })
})

describe("P8.5: the response that rejects an upgrade", () => {
  it.each<readonly [string, unknown, object]>([
    ["in any case", ["Server", "s", "Retry-AFTER", "7", "DATE", "today"], { retryAfter: "7", date: "today" }],
    ["as bytes", [Buffer.from("retry-after"), Buffer.from("7")], { retryAfter: "7", date: undefined }],
    ["missing", ["server", "s"], { retryAfter: undefined, date: undefined }],
    ["the values of others", ["server", "retry-after", "via", "date"], { retryAfter: undefined, date: undefined }],
    ["of an unknown form", { "retry-after": "7" }, { retryAfter: undefined, date: undefined }]
  ])("is recorded with its headers: %s", (_, headers, expected) => {
    const { webSocket } = dial()
    rejectWith({ ...upgrade }, { statusCode: 503, headers })
    assert.deepStrictEqual(getRejectedUpgrade(webSocket), { status: 503, headers: expected })
  })

  it.each([
    ["the upgrade is accepted", upgrade, 101],
    ["it responds to another request", { ...upgrade, path: "/other" }, 503],
    ["it has no status", upgrade, undefined]
  ])("is not recorded if %s", (_, request, statusCode) => {
    const { webSocket } = dial()
    rejectWith({ ...request }, { statusCode, headers: ["retry-after", "7"] })
    assert.isUndefined(getRejectedUpgrade(webSocket))
  })

  it("is not recorded if it responds to no request, or is none", () => {
    const { webSocket } = dial()
    const response = { statusCode: 503, headers: [] }
    channels.publish("undici:request:headers", { response })
    channels.publish("undici:request:create", { request: { ...upgrade } })
    channels.publish("undici:request:headers", { request: { ...upgrade }, response: null })
    assert.isUndefined(getRejectedUpgrade(webSocket))
  })

  it("is not recorded while the socket is still constructed", () => {
    const request = { ...upgrade }
    const socket = makeSocket()
    const { transport, webSocket } = dialWithTransport(address, () => {
      rejectWith(request, { statusCode: 503, headers: [] })
      channels.publish("undici:websocket:open", {})
      return new WebSocket("ws://127.0.0.1:9")
    })
    assert.isUndefined(getRejectedUpgrade(webSocket))
    channels.publish("undici:client:sendHeaders", { request, socket })
    channels.publish("undici:websocket:open", { websocket: webSocket, address: { port: 5000 } })
    assert.strictEqual(transport(), socket)
  })
})

describe("P7.2: the platform is no longer listened to", () => {
  it("once the socket is open", () => {
    const { webSocket } = dial()
    assert.isAbove(channels.subscriptions(), 0)
    publishOpening(webSocket, { ...upgrade }, makeSocket())
    assert.strictEqual(channels.subscriptions(), 0)
  })

  it("once the socket is closed", () => {
    const { webSocket } = dial()
    webSocket.dispatchEvent(new Event("close"))
    assert.strictEqual(channels.subscriptions(), 0)
  })

  it("when the socket can't be constructed", () => {
    const make = () => {
      throw new Error("no socket")
    }
    assert.throws(() => dialWithTransport(address, make), "no socket")
    assert.strictEqual(channels.subscriptions(), 0)
  })
})
