/** The tabs themselves: they share a thread, but not what happens in them. */
import { createHash } from "node:crypto"
import { once } from "node:events"
import { createServer } from "node:http"
import { assert, describe, it, vi } from "vitest"
import { prepare } from "../src/environment.ts"
import { Tab } from "../src/Tab.ts"
import { makeTimers } from "../src/timers.ts"
import { eventually, failure } from "./support.ts"

type PlainTab = Tab<unknown, Record<string, number>>

/** A server that records the paths of requests and sockets, and accepts each socket without a reply to its frames. */
const startServer = async () => {
  const paths: Array<string | undefined> = []
  const server = createServer(({ url }, response) => {
    paths.push(url)
    // never responds to this one
    if (url !== "/pending") response.end("{}")
  })
  server.on("upgrade", ({ headers, url }, socket) => {
    paths.push(url)
    const key = `${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash("sha1").update(key).digest("base64")
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
    )
    // the first frame is that of the close
    socket.once("data", () => socket.destroy())
    socket.on("error", () => undefined)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (typeof address !== "object" || address === null) throw new Error("the server has no port")
  const host = `127.0.0.1:${address.port}`
  const endpoints = { http: `http://${host}`, ws: `ws://${host}` }
  return {
    paths,
    endpoints,
    openTab: (): Promise<PlainTab> => Tab.open("address", endpoints),
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, "close")
    }
  }
}

/** Where nothing listens. */
const nowhere = { http: "http://127.0.0.1:9", ws: "ws://127.0.0.1:9" }

describe.concurrent("tabs", () => {
  it("share neither globals, nor built-in objects, nor the module of a client", async () => {
    await using one: PlainTab = await Tab.open("address", nowhere)
    await using other: PlainTab = await Tab.open("address", nowhere)
    const mark = (tab: PlainTab) =>
      tab.run(({ state, vendor }) => {
        const marked = [globalThis, Array.prototype, Object(vendor), state, sessionStorage, document]
        return marked.map((target) => {
          const before = "mark" in target
          Object.defineProperty(target, "mark", { value: 1, configurable: true })
          return before
        })
      })
    assert.notInclude(await mark(one), true)
    assert.notInclude(await mark(other), true)
    assert.notInclude(await mark(one), false)
  })

  it("continue after an uncaught error, as do the others", async () => {
    await using one: PlainTab = await Tab.open("address", nowhere)
    await using other: PlainTab = await Tab.open("address", nowhere)
    await one.run(({ state }) => {
      state["thrown"] = 0
      const fail = () => {
        state["thrown"] = (state["thrown"] ?? 0) + 1
        throw new Error("uncaught")
      }
      setTimeout(fail)
      queueMicrotask(fail)
      addEventListener("test", fail)
      dispatchEvent(new Event("test"))
      void Promise.resolve().then(fail)
    })
    await one.run(({ state, until }) => until("all errors", () => state["thrown"] === 4))
    const afterwards = (tab: PlainTab) =>
      tab.run(() =>
        new Promise<boolean>((resolve) => {
          setTimeout(() => resolve(true))
        })
      )
    assert.isTrue(await afterwards(one))
    assert.isTrue(await afterwards(other))
  })

  it("receive errors and bodies of their own classes from fetch", async () => {
    await using server = await startServer()
    await using tab = await server.openTab()
    assert.isTrue(
      await tab.run(async () => await (await fetch("https://any.test/")).json() instanceof Object)
    )
    await using offline: PlainTab = await Tab.open("address", nowhere)
    const seen = await offline.run(async () => {
      const error = await fetch("https://any.test/").catch((error: unknown) => error)
      const controller = new AbortController()
      controller.abort()
      const aborted = await fetch("https://any.test/", { signal: controller.signal }).catch((error: unknown) => error)
      return [error instanceof TypeError, aborted instanceof Error && aborted.name]
    })
    assert.deepStrictEqual(seen, [true, "AbortError"])
    assert.strictEqual((await failure(offline.run(() => new URL("nonsense")))).name, "TypeError")
  })

  it("end their timers, requests and sockets when they are closed, and begin no others", async () => {
    await using server = await startServer()
    const tab = await server.openTab()
    await tab.run(() => {
      const connect = () => {
        const socket = new WebSocket("wss://any.test/socket")
        socket.addEventListener("close", connect)
        socket.addEventListener("error", connect)
      }
      connect()
      const request = (): unknown => fetch("https://any.test/pending").then(request, request)
      request()
      setInterval(() => void fetch("https://any.test/tick"), 1)
    })
    await eventually(
      "everything has begun",
      () => Promise.resolve(server.paths),
      (paths) => ["/socket", "/pending", "/tick"].every((path) => paths.includes(path))
    )
    const pending = tab.run(({ until }) => until("never", () => false)).catch((error: unknown) => error)
    await tab.close()
    assert.match(String(await pending), /the tab was closed/)
    // a second round trip, before and after which requests of the closed tab would arrive
    const other = await server.openTab()
    await other.run(() => fetch("https://any.test/settled").then(() => undefined))
    const before = server.paths.length
    await other.run(async ({ until }) => {
      const began = Date.now()
      await until("several ticks", () => Date.now() - began > 100)
      await fetch("https://any.test/last")
    })
    assert.deepStrictEqual(server.paths.slice(before), ["/last"])
    assert.lengthOf(server.paths.filter((path) => path === "/socket"), 1)
    assert.lengthOf(server.paths.filter((path) => path === "/pending"), 1)
    await other.close()
  })
})

describe("a page that was closed", () => {
  it("does not learn that its socket was closed, so that it does not connect again", async () => {
    await using server = await startServer()
    const globals = { WebSocket }
    const page = prepare(server.endpoints, undefined, globals)
    const socket = new globals.WebSocket("wss://any.test/socket")
    const events: Array<string> = []
    for (const type of ["open", "error", "close"]) socket.addEventListener(type, () => events.push(type))
    await eventually("it is open", () => Promise.resolve(events), ({ length }) => length > 0)
    page.close()
    await eventually("it is closed", () => Promise.resolve(socket.readyState), (state) => state === WebSocket.CLOSED)
    assert.deepStrictEqual(events, ["open"])
  })

  it("has no timers", () => {
    vi.useFakeTimers()
    try {
      const timers = makeTimers()
      const { clearInterval, clearTimeout, setInterval, setTimeout } = timers.functions
      const fired: Array<unknown> = []
      const handler = (name: unknown) => void fired.push(name)
      clearTimeout(setTimeout(handler, 10, "cleared timeout"))
      clearInterval(setInterval(handler, 10, "cleared interval"))
      clearTimeout(undefined)
      setInterval(handler, 10, "interval")
      setTimeout(handler, 15, "early")
      setTimeout(handler, 30, "late")
      vi.advanceTimersByTime(25)
      timers.close()
      setTimeout(handler, 0, "later")
      vi.advanceTimersByTime(100)
      assert.deepStrictEqual(fired, ["interval", "early", "interval"])
    } finally {
      vi.useRealTimers()
    }
  })
})
