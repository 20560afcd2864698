import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { createServer, type IncomingMessage, type RequestListener } from "node:http"
import { inspect } from "node:util"
import { gzipSync } from "node:zlib"
import { vi } from "vitest"
import { message, origin, reasonOf, secret, subscriber } from "./support.ts"

/** A server on a free port of the loopback interface, and the log of its requests. */
const listen = (respond: RequestListener) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly origin: string; readonly log: Array<IncomingMessage>; readonly close: () => void }>(
      (resume) => {
        const log: Array<IncomingMessage> = []
        const server = createServer((request, response) => {
          log.push(request)
          respond(request, response)
        })
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          const port = typeof address === "object" && address !== null ? address.port : 0
          const close = () => {
            server.closeAllConnections()
            server.close()
          }
          resume(Effect.succeed({ origin: `http://127.0.0.1:${port}`, log, close }))
        })
      }
    ),
    ({ close }) => Effect.sync(close)
  )

/** Waits until the value is the expected one. */
const untilSame = (read: () => number, expected: number) =>
  Effect.promise(() => vi.waitFor(() => assert.strictEqual(read(), expected), { timeout: 10_000, interval: 5 }))

/** The two layers that use `fetch`. */
const layers = [
  { way: "layerFetch", layer: SignalWireHttp.layerFetch },
  { way: "layerBareFetch", layer: SignalWireHttp.layerBareFetch }
]

describe.each(layers)("$way", ({ layer }) => {
  const client = (origin: string, options?: Partial<SignalWireHttp.Options>) =>
    Effect.map(
      Layer.build(
        layer({
          endpoint: { http: origin, ws: origin.replace("http", "ws") },
          retry: Schedule.recurs(0),
          ...options
        }).pipe(Layer.provide(Credentials.layer({ token: Redacted.make(secret) })))
      ),
      Context.get(SignalWireHttp.SignalWireHttp)
    )

  it.live("bypasses HTTP caches", () =>
    Effect.gen(function*() {
      const { log, origin } = yield* listen((_, response) => response.end(JSON.stringify(subscriber("ada"))))
      const http = yield* client(origin)
      yield* http.getSubscriber
      // fetch adds it for `no-store`, so that caches on the way bypass theirs, too
      assert.strictEqual(log[0]?.headers["cache-control"], "no-cache")
    }))

  it.live("reads with a bearer token", () =>
    Effect.gen(function*() {
      const { log, origin } = yield* listen((_, response) => response.end(JSON.stringify(subscriber("ada"))))
      const http = yield* client(origin)
      assert.strictEqual((yield* http.getSubscriber).addresses.length, 1)
      assert.strictEqual(log[0]?.headers.authorization, `Bearer ${secret}`)
    }))

  it.live("reads a compressed response", () =>
    Effect.gen(function*() {
      const { origin } = yield* listen((_, response) => {
        response.setHeader("content-encoding", "gzip")
        response.end(gzipSync(JSON.stringify(subscriber("ada"))))
      })
      const http = yield* client(origin)
      assert.strictEqual((yield* http.getSubscriber).addresses.length, 1)
    }))

  it.live.each([true, false])(
    "maps a connection that breaks within a body to Transport (with content-length: %s)",
    (hasLength) =>
      Effect.gen(function*() {
        const { origin } = yield* listen((_, response) => {
          if (hasLength) response.setHeader("content-length", "1000")
          response.write("{\"data\":[", () => response.destroy())
        })
        const http = yield* client(origin)
        assert.strictEqual((yield* reasonOf(http.getConversations()))._tag, "Transport")
      })
  )

  it.live("retries after a connection breaks within a body", () =>
    Effect.gen(function*() {
      let drops = 1
      const { log, origin } = yield* listen((_, response) => {
        if (drops-- > 0) response.write("{\"da", () => response.destroy())
        else response.end(JSON.stringify({ data: [message(1)], links: {} }))
      })
      const http = yield* client(origin, { retry: Schedule.recurs(1) })
      assert.strictEqual((yield* http.getMessages()).data.length, 1)
      assert.strictEqual(log.length, 2)
    }))

  it.live("P7.1: times out while there is no response, and closes the connection", () =>
    Effect.gen(function*() {
      let closed = 0
      const { origin } = yield* listen((request) => request.socket.on("close", () => closed++))
      const http = yield* client(origin, { timeout: "50 millis" })
      const reason = yield* reasonOf(http.getSubscriber)
      assert.strictEqual(reason._tag === "Timeout" ? reason.millis : 0, 50)
      yield* untilSame(() => closed, 1)
    }))

  it.live("times out while a body is incomplete, and closes the connection", () =>
    Effect.gen(function*() {
      let closed = 0
      const { origin } = yield* listen((request, response) => {
        request.socket.on("close", () => closed++)
        response.setHeader("content-length", "1000")
        response.write("{")
      })
      const http = yield* client(origin, { timeout: "100 millis" })
      assert.strictEqual((yield* reasonOf(http.getSubscriber))._tag, "Timeout")
      yield* untilSame(() => closed, 1)
    }))

  it.live("refuses a compressed body that is too large when decompressed", () =>
    Effect.gen(function*() {
      const { origin } = yield* listen((_, response) => {
        const compressed = gzipSync(Buffer.alloc(40 * 1024 * 1024))
        response.writeHead(200, { "content-encoding": "gzip", "content-length": compressed.byteLength })
        response.end(compressed)
      })
      const http = yield* client(origin)
      assert.include((yield* reasonOf(http.getSubscriber)).message, "more than")
    }))

  it.live("reads a compressed body no further than the limit, whatever its content-length", () =>
    Effect.gen(function*() {
      let closed = 0
      const { origin } = yield* listen((request, response) => {
        const zeros = gzipSync(Buffer.alloc(40 * 1024 * 1024))
        request.socket.on("close", () => closed++)
        response.writeHead(200, { "content-encoding": "gzip", "content-length": 2 * zeros.byteLength })
        // the rest never comes
        response.write(zeros)
      })
      const http = yield* client(origin, { timeout: "1 minute" })
      assert.include((yield* reasonOf(http.getSubscriber)).message, "more than")
      yield* untilSame(() => closed, 1)
    }))

  it.live("refuses a body whose content-length is too large without reading it", () =>
    Effect.gen(function*() {
      let closed = 0
      const { origin } = yield* listen((request, response) => {
        request.socket.on("close", () => closed++)
        response.writeHead(200, { "content-length": 40 * 1024 * 1024 })
        response.write("{")
      })
      const http = yield* client(origin)
      assert.include((yield* reasonOf(http.getSubscriber)).message, "more than")
      yield* untilSame(() => closed, 1)
    }))

  it.live("maps the HTML of a proxy to Malformed", () =>
    Effect.gen(function*() {
      const { origin } = yield* listen((_, response) => {
        response.setHeader("content-type", "text/html")
        response.end("<html>welcome</html>")
      })
      const http = yield* client(origin)
      const reason = yield* reasonOf(http.getConversations())
      assert.strictEqual(reason._tag, "Malformed")
      assert.include(reason.message, "text/html")
    }))

  it.live.each([301, 302, 303, 307, 308])(
    "does not follow a %i, and sends the token nowhere else",
    (status) =>
      Effect.gen(function*() {
        const elsewhere = yield* listen((_, response) => response.end("{}"))
        const { origin } = yield* listen((_, response) => {
          response.writeHead(status, { location: `${elsewhere.origin}/api/fabric/messages` })
          response.end()
        })
        const http = yield* client(origin, { dialect: "address" })
        assert.strictEqual((yield* reasonOf(http.sendMessage({ addressId: "office", text: "x" })))._tag, "Malformed")
        assert.strictEqual(elsewhere.log.length, 0)
      })
  )

  it.live("P6.2: makes no request to a foreign link", () =>
    Effect.gen(function*() {
      const elsewhere = yield* listen((_, response) => response.end(JSON.stringify({ data: [], links: {} })))
      const { origin } = yield* listen((_, response) =>
        response.end(JSON.stringify({ data: [message(1)], links: { next: `${elsewhere.origin}/api/fabric/messages` } }))
      )
      const http = yield* client(origin)
      const page = yield* http.getMessages()
      const reason = yield* reasonOf(page.next)
      assert.strictEqual(reason._tag === "ForeignLink" ? reason.origin : "", elsewhere.origin)
      assert.strictEqual(elsewhere.log.length, 0)
    }))

  it.live("maps a refused connection to Transport, and the failure contains no token", () =>
    Effect.gen(function*() {
      const { close, origin } = yield* listen((_, response) => response.end())
      close()
      const http = yield* client(origin)
      const exit = yield* Effect.exit(http.getSubscriber)
      const shown = inspect(exit, { depth: 20, showHidden: true }) + JSON.stringify(exit)
      assert.include(shown, "Transport")
      assert.include(shown, "ECONNREFUSED")
      assert.notInclude(shown, secret)
    }))
})

it.live("P6.2: fails when another fetch client has followed a redirect", () =>
  Effect.gen(function*() {
    const { origin } = yield* listen((request, response) => {
      if (request.url === "/welcome") response.end(JSON.stringify({ table: {} }))
      else response.writeHead(302, { location: "/welcome" }).end()
    })
    const http = yield* SignalWireHttp.make({ endpoint: { http: origin, ws: origin }, dialect: "address" }).pipe(
      Effect.provide([FetchHttpClient.layer, Credentials.layer({ token: Redacted.make(secret) })])
    )
    assert.strictEqual((yield* reasonOf(http.sendMessage({ addressId: "office", text: "x" })))._tag, "Malformed")
  }))

it.effect.each([
  ["", "Success"],
  ["https://fabric.example.test/api/fabric/subscriber/info", "Success"],
  ["https://fabric.example.test:443/api/fabric/./subscriber/info", "Success"],
  ["https://fabric.example.test/welcome", "Failure"],
  ["https://elsewhere.test/api/fabric/subscriber/info", "Failure"],
  ["no URL", "Failure"]
])(
  "P6.2: fails when fetch itself has followed a redirect, and not for another form of the same URL: %j",
  ([url, expected]) =>
    Effect.gen(function*() {
      const fetch = () => {
        const response = Response.json(subscriber("ada"))
        Object.defineProperty(response, "url", { value: url })
        return Promise.resolve(response)
      }
      const http = yield* SignalWireHttp.makeBareFetch({
        endpoint: { http: origin, ws: "wss://puc.example.test" },
        fetch
      })
        .pipe(Effect.provide(Credentials.layer({ token: Redacted.make(secret) })))
      assert.strictEqual((yield* Effect.result(http.getSubscriber))._tag, expected)
    })
)

describe("P7.3: fetch itself", () => {
  const read = (respond: () => Response) =>
    Effect.flatMap(
      SignalWireHttp.makeBareFetch({
        endpoint: { http: origin, ws: "wss://puc.example.test" },
        retry: Schedule.recurs(0),
        fetch: () => Promise.resolve(respond())
      }).pipe(Effect.provide(Credentials.layer({ token: Redacted.make(secret) }))),
      (http) => Effect.result(http.getSubscriber)
    )
  const text = JSON.stringify(subscriber("ada"))

  /** A body of so many pieces of four megabytes, and a count of those that were read. */
  const large = (pieces: number) => {
    let read = 0
    const stream = new ReadableStream({
      pull: (controller) => {
        if (read++ < pieces) controller.enqueue(new Uint8Array(4 * 1024 * 1024))
        else controller.close()
      }
    }, { highWaterMark: 0 })
    return { stream, read: () => read }
  }

  it.effect.each<readonly [string, PropertyDescriptorMap]>([
    ["no stream", { body: { value: undefined } }],
    ["null", { body: { value: null } }]
  ])("reads the body where the platform has %s for it", ([, properties]) =>
    Effect.gen(function*() {
      const result = yield* read(() => Object.defineProperties(new Response(text), properties))
      assert.strictEqual(result._tag, "Success")
    }))

  it.effect.each<readonly [string, Record<string, string>]>([
    ["without its length", {}],
    ["compressed", { "content-length": "100", "content-encoding": "gzip" }]
  ])("stops reading a body that is too large, %s", ([, headers]) =>
    Effect.gen(function*() {
      const body = large(20)
      const result = yield* read(() => new Response(body.stream, { headers }))
      assert.include(JSON.stringify(result), "a body of more than 33554432 bytes")
      assert.strictEqual(body.read(), 9)
    }))

  it.effect("does not read a body whose length is too large", () =>
    Effect.gen(function*() {
      const body = large(20)
      const headers = { "content-length": `${32 * 1024 * 1024 + 1}` }
      const result = yield* read(() => new Response(body.stream, { headers }))
      assert.include(JSON.stringify(result), "a body of more than 33554432 bytes")
      assert.strictEqual(body.read(), 0)
    }))

  it.effect("reads characters that are cut between two pieces", () =>
    Effect.gen(function*() {
      const bytes = new TextEncoder().encode(JSON.stringify({ ...subscriber("ada"), first_name: "Zoë" }))
      const cut = bytes.indexOf(0xc3) + 1
      const result = yield* read(() =>
        new Response(
          new ReadableStream({
            start: (controller) => {
              for (const piece of [bytes.slice(0, cut), bytes.slice(cut)]) controller.enqueue(piece)
              controller.close()
            }
          })
        )
      )
      assert.strictEqual(result._tag === "Success" ? result.success.firstName : "", "Zoë")
    }))
})
