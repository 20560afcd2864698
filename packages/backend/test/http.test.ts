/** What all requests have in common: credentials, paths, parameters, and the entries in the wire log. */
import * as Backend from "@effect-signalwire/backend/Backend"
import * as Faults from "@effect-signalwire/backend/Faults"
import { Hosting } from "@effect-signalwire/backend/Hosting"
import * as Routes from "@effect-signalwire/backend/Routes"
import { assert, describe, it } from "@effect/vitest"
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Socket from "effect/socket/Socket"
import { ConnectionBroken, runReadyFibers, type TestBackend, withBackend } from "./support.ts"

type In = TestBackend["Service"]

/** The entries of the wire log, without their numbers and times. */
const logOf = ({ backend: { wireLog } }: In): ReadonlyArray<Record<string, unknown>> =>
  wireLog.lines().map((line) => {
    const { seq: _seq, time: _time, ...entry } = JSON.parse(line)
    return entry
  })

/** The routes of a backend, without a host. */
const appOf = ({ backend, faults }: Pick<In, "backend" | "faults">) =>
  HttpRouter.toHttpEffect(
    Routes.layer.pipe(
      Layer.provide(Layer.succeed(Backend.Backend, backend)),
      Layer.provide(Layer.succeed(Faults.Faults, faults))
    )
  ).pipe(Effect.map((app) => Effect.orDie(Effect.scoped(app))))

/** A request in which some properties are replaced. */
const requestOf = (
  path: string,
  headers: Record<string, string>,
  replaced: Partial<HttpServerRequest.HttpServerRequest> = {}
): HttpServerRequest.HttpServerRequest => {
  const request = HttpServerRequest.fromWeb(new Request(`http://localhost${path}`, { headers }))
  const properties = Object.entries(replaced).map(([name, value]) => [name, { value }])
  return Object.create(request, Object.fromEntries(properties))
}

describe("a token", () => {
  it.effect.each<[string, number]>([
    ["Bearer TOKEN", 200],
    ["bearer TOKEN", 200],
    ["Bearer   TOKEN  ", 200],
    ["BearerTOKEN", 401],
    ["Bearer TOKEN x", 401],
    ["x Bearer TOKEN", 401],
    ["Bearer", 401],
    ["TOKEN", 401]
  ])(
    "is read from the authorization header %j: %i",
    ([header, expected]) =>
      withBackend(Effect.fnUntraced(function*({ addSubscriber, request }) {
        const { token } = yield* addSubscriber("ada")
        const headers = { authorization: header.replace("TOKEN", token) }
        assert.strictEqual((yield* request("GET", "/api/fabric/messages", { headers })).status, expected)
      }))
  )
})

describe("the project's credentials", () => {
  it.effect.each<[string, number]>([
    ["Basic CREDENTIALS", 200],
    ["basic   CREDENTIALS ", 200],
    ["Basic CREDENTIALSx", 401],
    ["Basic %%%", 401],
    ["x Basic CREDENTIALS", 401],
    ["BasicCREDENTIALS", 401],
    ["Basic CREDENTIALS x", 401],
    ["Bearer CREDENTIALS", 401],
    ["", 401]
  ])(
    "are read from the authorization header %j: %i",
    ([header, expected]) =>
      withBackend(Effect.fnUntraced(function*({ backend: { identity }, request }) {
        const credentials = btoa(`${identity.projectId}:${identity.apiToken}`)
        const headers = { authorization: header.replace("CREDENTIALS", credentials) }
        const response = yield* request("POST", "/api/fabric/subscribers/tokens", {
          headers,
          body: { reference: "ada" }
        })
        assert.strictEqual(response.status, expected)
      }))
  )
})

describe("a request", () => {
  it.effect.each(["GET", "POST", "PUT", "PATCH", "DELETE", "QUERY", "HEAD"])(
    "to an unknown path is not found, and pages can read that: %s",
    (method) =>
      withBackend(Effect.fnUntraced(function*({ request }) {
        const { headers, status, text } = yield* request(method, "/api/fabric/nothing")
        assert.strictEqual(status, 404)
        assert.strictEqual(headers.get("access-control-allow-origin"), "*")
        if (method !== "HEAD") assert.deepStrictEqual(JSON.parse(text), { error: "Not Found" })
        const admin = yield* request(method, "/_sandbox/nothing")
        assert.strictEqual(admin.status, 404)
        assert.isNull(admin.headers.get("access-control-allow-origin"))
      }))
  )

  it.effect("to the root requires an upgrade", () =>
    withBackend(Effect.fnUntraced(function*({ request }) {
      for (const headers of [{}, { upgrade: "h2c" }]) {
        const { body, status } = yield* request("GET", "/", { headers })
        assert.deepStrictEqual([status, Object.keys(body)], [426, ["error"]])
      }
    })))

  it.effect("that takes the path of another host is matched by its whole path", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      test.faults.set({
        rules: [{ match: { on: "http", path: "//evil.example/a" }, action: { type: "answer", status: 418 } }]
      })
      const status = (path: string) => Effect.map(test.request("GET", path), ({ status }) => status)
      assert.deepStrictEqual([yield* status("//evil.example/a"), yield* status("/a")], [418, 404])
    })))

  it.effect("cannot have parameters that are out of range", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request }) {
      const ada = yield* addSubscriber("ada")
      const outcome = (query: string) =>
        Effect.map(
          request("GET", `/api/fabric/messages?${query}`, ada),
          ({ body, status }) => status === 200 ? "ok" : body.errors[0].attribute
        )
      for (
        const query of [
          "page_size=1",
          "page_size=1000",
          "limit=1000",
          "since=-1.5",
          "until=0",
          "since=1e3".replace("e3", "000")
        ]
      ) {
        assert.strictEqual(yield* outcome(query), "ok", query)
      }
      for (
        const [query, attribute] of [
          ["page_size=01x", "page_size"],
          ["page_size=1001", "page_size"],
          ["limit=1001", "limit"],
          ["limit=0&page_size=5", "ok"],
          ["page_number=-1", "page_number"],
          ["page_number=1.5", "page_number"],
          ["page_number=1234567890", "page_number"],
          ["page_number=", "page_number"],
          ["page_number=x1", "page_number"],
          ["since=1e3", "since"],
          ["since=x1", "since"],
          ["until=1.", "until"],
          ["until=.5", "until"],
          [`until=${"9".repeat(400)}`, "until"]
        ] as const
      ) assert.strictEqual(yield* outcome(query), attribute, query)
    })))

  it.effect("to open a socket is answered by a fault, or its connection broken", () =>
    withBackend(Effect.fnUntraced(function*({ faults, request }) {
      const headers = { upgrade: "WebSocket" }
      faults.set({ rules: [{ match: { on: "connect" }, action: { type: "answer", status: 418 }, times: 1 }] })
      assert.strictEqual((yield* request("GET", "/", { headers })).status, 418)
      faults.set({ rules: [{ match: { on: "connect" }, action: { type: "drop" }, times: 1 }] })
      assert.instanceOf(yield* Effect.flip(request("GET", "/", { headers })), ConnectionBroken)
      // this test's requests cannot be upgraded
      assert.strictEqual((yield* request("GET", "/", { headers })).status, 400)
    })))

  it.effect("to open a socket is upgraded, with what the host can do for it", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const app = yield* appOf(test)
      const open = (hosting: Hosting) =>
        Effect.gen(function*() {
          const toServer = yield* Queue.unbounded<Arr.NonEmptyReadonlyArray<string>, Socket.SocketError>()
          const frames: Array<unknown> = []
          const write = (frame: unknown) => Effect.sync(() => void frames.push(frame))
          const socket = Socket.make({
            reader: Effect.succeed({ pull: Queue.take(toServer), upgrade: () => Effect.die("unused") }),
            writer: Effect.succeed({ write, writeAll: (all) => Effect.forEach(all, write, { discard: true }) })
          })
          const request = requestOf("/", { upgrade: "websocket" }, { upgrade: Effect.succeed(socket) })
          const serving = yield* app.pipe(
            Effect.provideService(HttpServerRequest.HttpServerRequest, request),
            Effect.provideService(Hosting, hosting),
            Effect.forkScoped
          )
          yield* runReadyFibers
          yield* Queue.offer(toServer, [JSON.stringify({ jsonrpc: "2.0", id: "p", method: "signalwire.ping" })])
          yield* runReadyFibers
          assert.lengthOf(frames, 1)
          for (const connection of test.backend.sockets) connection.close(null)
          yield* runReadyFibers
          yield* Queue.fail(toServer, new Socket.SocketError({ reason: new Socket.SocketCloseError({ code: 1006 }) }))
          assert.strictEqual((yield* Fiber.join(serving)).status, 204)
          assert.lengthOf(frames, 1)
        })
      let [aborts, drains] = [0, 0]
      const abort = () => Effect.sync(() => void aborts++)
      yield* open({ abort })
      yield* open({ abort, awaitDrain: () => Effect.sync(() => void drains++) })
      assert.strictEqual(aborts, 2)
      assert.isAbove(drains, 0)
    })))

  it.effect("without a body is logged without reading one", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const app = yield* appOf(test)
      test.backend.wireLog.enable(true)
      for (const method of ["GET", "HEAD"]) {
        const request = requestOf("/api/fabric/messages", {}, { text: Effect.never, method })
        const response = yield* Effect.provideService(app, HttpServerRequest.HttpServerRequest, request)
        assert.strictEqual(response.status, 401)
      }
      assert.strictEqual(logOf(test).length, 4)
    })))

  it.effect("whose connection the host cannot break gets an error instead", () =>
    withBackend(Effect.fnUntraced(function*({ backend, faults }) {
      const app = yield* appOf({ backend, faults })
      const respond = (path: string, headers: Record<string, string> = {}) =>
        Effect.provideService(app, HttpServerRequest.HttpServerRequest, requestOf(path, headers))
      faults.set({
        rules: [
          { match: { on: "http" }, action: { type: "refuse" } },
          { match: { on: "connect" }, action: { type: "refuse" } }
        ]
      })
      const response = yield* respond("/api/fabric/messages")
      assert.deepStrictEqual([response.status, response.headers["x-connection-broken"]], [502, "1"])
      assert.strictEqual(response.headers["access-control-allow-origin"], "*")
      assert.strictEqual((yield* respond("/", { upgrade: "websocket" })).status, 503)
      const hosting = yield* Hosting
      assert.isUndefined(hosting.isOwnName)
    })))
})

describe("the wire log", () => {
  it.effect("has each request with its response", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [ada, office] = [yield* test.addSubscriber("ada"), yield* test.addRoom("office")]
      test.backend.wireLog.enable(true)
      const body = { conversation_id: office, text: "hi" }
      yield* test.request("POST", "/api/fabric/messages?a=1", { ...ada, body })
      yield* test.request("GET", "/api/fabric/nothing")
      yield* test.request("HEAD", "/api/fabric/conversations", { headers: { authorization: "Custom x" } })
      const [sent, stored, unknown, notFound, head, unauthorized] = logOf(test)
      assert.deepStrictEqual(sent, {
        on: "request",
        exchange: 1,
        method: "POST",
        path: "/api/fabric/messages?a=1",
        authorization: "Bearer [redacted]",
        subscriberId: ada.id,
        body,
        fault: null
      })
      assert.deepInclude(stored, { on: "response", exchange: 1, status: 200, fault: null })
      assert.deepNestedInclude(stored, { "body.table.text": "hi" })
      assert.deepStrictEqual(unknown, {
        on: "request",
        exchange: 2,
        method: "GET",
        path: "/api/fabric/nothing",
        authorization: null,
        subscriberId: null,
        body: null,
        fault: null
      })
      assert.deepStrictEqual(notFound, {
        on: "response",
        exchange: 2,
        status: 404,
        body: { error: "Not Found" },
        fault: null
      })
      assert.deepInclude(head, { method: "HEAD", authorization: "[redacted]", body: null })
      assert.deepInclude(unauthorized, { exchange: 3, status: 401 })
    })))

  it.effect("has requests whose body cannot be read, or whose response is lost", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* test.addSubscriber("ada")
      test.backend.wireLog.enable(true)
      const body = "x".repeat(600_000)
      assert.strictEqual((yield* test.request("POST", "/api/fabric/messages", { ...ada, body })).status, 413)
      test.faults.set({ rules: [{ match: { on: "http" }, action: { type: "loseAnswer" }, times: 1 }] })
      yield* Effect.flip(test.request("GET", "/api/fabric/messages", ada))
      yield* runReadyFibers
      assert.deepStrictEqual(
        logOf(test).map(({ body, fault, on, status }) => [on, status, body, fault]),
        [
          ["request", undefined, null, null],
          ["response", 413, { error: "Payload Too Large" }, null],
          ["request", undefined, null, "loseAnswer"],
          ["response", null, null, "loseAnswer"]
        ]
      )
    })))

  it.effect("is empty while it is off, although faults are carried out", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* test.addSubscriber("ada")
      test.faults.set({
        rules: [{ match: { on: "http", subscriberId: ada.id }, action: { type: "answer", status: 418 } }]
      })
      assert.strictEqual((yield* test.request("GET", "/api/fabric/messages")).status, 401)
      assert.strictEqual((yield* test.request("GET", "/api/fabric/messages", ada)).status, 418)
      assert.deepStrictEqual(logOf(test), [])
    })))

  it.effect("has the fault that is carried out on a socket", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      test.backend.wireLog.enable(true)
      test.faults.set({ rules: [{ match: { on: "connect" }, action: { type: "close" }, times: 1 }] })
      yield* (yield* test.openSocket).closed
      yield* runReadyFibers
      assert.deepStrictEqual(logOf(test).map(({ fault, on }) => [on, fault]), [["opened", "close"], ["closed", null]])
    })))

  it.effect("has the frames in both directions, and the socket", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* test.addSubscriber("ada")
      test.backend.wireLog.enable(true)
      const client = yield* test.openSocket
      yield* client.send({ jsonrpc: "2.0", id: "1", method: "signalwire.ping", params: {} })
      yield* client.send("{")
      test.faults.set({ rules: [{ match: { on: "frame", direction: "in" }, action: { type: "silent" }, times: 1 }] })
      yield* client.send({ jsonrpc: "2.0", id: "2", method: "a.b", params: { token: ada.token } })
      yield* client.send({ jsonrpc: "2.0", id: "3", method: "c.d" })
      yield* client.disconnect
      const entries = logOf(test)
      assert.deepStrictEqual(
        entries.map(({ direction, fault, method, on }) => [on, direction, method, fault]),
        [
          ["opened", undefined, undefined, null],
          ["frame", "in", "signalwire.ping", null],
          ["frame", "out", "signalwire.ping", null],
          ["frame", "in", null, null],
          ["frame", "out", "", null],
          ["frame", "in", "a.b", "silent"],
          ["frame", "in", null, "silent"],
          ["closed", undefined, undefined, null]
        ]
      )
      assert.deepInclude(entries[5], {
        connection: 1,
        session: null,
        subscriberId: null,
        frame: { jsonrpc: "2.0", id: "2", method: "a.b", params: { token: "[redacted]" } }
      })
    })))
})
