/** What the admin API refuses, and what it returns. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { connect, withBackend } from "./support.ts"

const invalid = (attribute: string) => [422, "invalid_parameter", attribute]
const messages = (...list: ReadonlyArray<object>) => ({ messages: list })

describe("the admin API", () => {
  it.effect.each<[string, string, object, ReadonlyArray<unknown>]>([
    ["POST", "/subscribers", {}, invalid("name")],
    ["POST", "/subscribers", { name: 1 }, invalid("name")],
    ["POST", "/subscribers", { name: "" }, [422, "missing_required_parameter", "name"]],
    ["POST", "/subscribers", { name: "a", displayName: 1 }, invalid("displayName")],
    ["POST", "/subscribers", { name: "a", email: 1 }, invalid("email")],
    ["POST", "/subscribers", { name: "a", displayName: null, email: null }, [200]],
    ["POST", "/rooms", { name: 1 }, invalid("name")],
    ["POST", "/rooms", { name: "a", displayName: 1 }, invalid("displayName")],
    ["POST", "/rooms", { name: "a", displayName: null }, [200]],
    ["POST", "/tokens", { subscriberId: 1 }, invalid("subscriberId")],
    ["POST", "/tokens", { subscriberId: "SUBSCRIBER", ttlSeconds: "1" }, invalid("ttlSeconds")],
    ["POST", "/tokens", { subscriberId: "SUBSCRIBER", ttlSeconds: 1e9 }, [200]],
    ["POST", "/tokens", { subscriberId: "SUBSCRIBER", ttlSeconds: -1e9 }, [200]],
    ["POST", "/tokens", { subscriberId: "SUBSCRIBER", ttlSeconds: 1e9 + 1 }, invalid("ttlSeconds")],
    ["POST", "/tokens", { subscriberId: "SUBSCRIBER", ttlSeconds: -1e9 - 1 }, invalid("ttlSeconds")],
    ["POST", "/tokens/expire", { token: 1 }, invalid("token")],
    ["POST", "/messages", {}, invalid("messages")],
    ["POST", "/messages", messages({ addressId: "a" }), invalid("messages[0].from")],
    ["POST", "/messages", messages({ from: "a" }), invalid("messages[0].addressId")],
    ["POST", "/messages", messages({ from: "a", addressId: "b", text: 1 }), invalid("messages[0].text")],
    ["POST", "/messages", messages(), [200]],
    ["POST", "/sessions/drop", { code: 999 }, invalid("code")],
    ["POST", "/sessions/drop", { code: 1000 }, [200]],
    ["POST", "/sessions/drop", { code: 4999 }, [200]],
    ["POST", "/sessions/drop", { code: 5000 }, invalid("code")],
    ["POST", "/sessions/drop", { code: 1000.5 }, invalid("code")],
    ["POST", "/sessions/drop", { subscriberId: 1 }, invalid("subscriberId")],
    ["POST", "/sessions/disconnect", { restart: 1 }, invalid("restart")],
    ["POST", "/sessions/disconnect", { subscriberId: null, restart: null }, [200]],
    ["PUT", "/log", {}, invalid("enabled")],
    ["PUT", "/faults", {}, invalid("rules")],
    ["PUT", "/faults", { rules: [], seed: "1" }, invalid("seed")],
    ["PUT", "/faults", { rules: [], seed: null }, [200]],
    ["PUT", "/faults", { rules: [], sed: 1 }, invalid("sed")],
    [
      "PUT",
      "/faults",
      { rules: [{ match: { on: "http" }, action: { type: "drop" }, tims: 1 }] },
      invalid("rules[0].tims")
    ],
    ["PUT", "/faults", { rules: [{ match: { on: "http" }, action: { type: "restart" } }] }, invalid("rules[0].action")],
    ["POST", "/faults", { rules: {} }, invalid("rules")]
  ])(
    "checks the body of %s %s: %j",
    ([method, path, body, expected]) =>
      withBackend(Effect.fnUntraced(function*({ addSubscriber, request }) {
        const { id } = yield* addSubscriber("ada")
        const text = JSON.stringify(body).replace("SUBSCRIBER", id)
        const response = yield* request(method, `/_sandbox${path}`, { body: text })
        const error = response.status === 200 ? [] : [response.body.errors[0].code, response.body.errors[0].attribute]
        assert.deepStrictEqual([response.status, ...error], expected)
      }))
  )

  it.effect("returns an error like the service does", () =>
    withBackend(Effect.fnUntraced(function*({ request }) {
      const { body } = yield* request("POST", "/_sandbox/rooms", { body: {} })
      assert.deepInclude(body.errors[0], { type: "validation_error", code: "invalid_parameter", attribute: "name" })
      assert.match(body.errors[0].message, /^name : ./)
      const unknown = yield* request("POST", "/_sandbox/tokens", { body: { subscriberId: "nobody" } })
      assert.deepStrictEqual([unknown.status, unknown.body], [404, { error: "Not Found" }])
    })))

  it.effect("mints tokens for as long as requested", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request }) {
      const { id } = yield* addSubscriber("ada")
      const mint = (more: object) =>
        Effect.map(request("POST", "/_sandbox/tokens", { body: { subscriberId: id, ...more } }), ({ body }) => body)
      const minted = yield* mint({ ttlSeconds: 60 })
      assert.sameMembers(Object.keys(minted), ["token", "refreshToken", "expiresAt"])
      assert.strictEqual(minted.expiresAt, 60)
      assert.strictEqual((yield* mint({ ttlSeconds: null })).expiresAt, 7200)
    })))

  it.effect("lists each session, with what its client has not acknowledged", () =>
    withBackend(Effect.fnUntraced(function*({ addRoom, addSubscriber, backend, openSocket, request }) {
      const [ada, office] = [yield* addSubscriber("ada"), yield* addRoom("office")]
      const client = yield* openSocket
      const { protocol } = yield* connect(client, ada.token)
      yield* request("POST", "/api/fabric/messages", { ...ada, body: { conversation_id: office, text: "hi" } })
      yield* client.waiting
      const list = Effect.map(request("GET", "/_sandbox/sessions"), ({ body }) => body.sessions)
      const bytes = backend.sessions()[0]?.unackedBytes ?? 0
      assert.isAbove(bytes, 100)
      const session = { protocol, subscriberId: ada.id, unacked: 1, bytes }
      assert.deepStrictEqual(yield* list, [{ ...session, connected: true }])
      // a frame that waits to be written counts too
      backend.sessions()[0]?.connection?.send({ text: "x", bytes: 7, addedBytes: 7, method: "m", eventType: undefined })
      assert.strictEqual((yield* list)[0].bytes, bytes + 7)
      yield* client.disconnect
      assert.deepStrictEqual(yield* list, [{ ...session, connected: false }])
    })))

  it.effect("closes only the sockets of the requested subscriber", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, openSocket, request }) {
      const [ada, grace] = [yield* addSubscriber("ada"), yield* addSubscriber("grace")]
      const [one, two] = [yield* openSocket, yield* openSocket]
      yield* connect(one, ada.token)
      yield* connect(two, grace.token)
      const drop = (body: object) =>
        Effect.map(request("POST", "/_sandbox/sessions/drop", { body }), ({ body }) => body)
      assert.deepStrictEqual(yield* drop({ subscriberId: ada.id }), { dropped: 1 })
      assert.isNull(yield* one.closed)
      yield* two.send({ jsonrpc: "2.0", id: "p", method: "signalwire.ping", params: {} })
      assert.strictEqual((yield* two.next).id, "p")
      assert.deepStrictEqual(yield* drop({ subscriberId: "nobody" }), { dropped: 0 })
      assert.deepStrictEqual(yield* drop({ subscriberId: null, code: null }), { dropped: 1 })
    })))

  it.effect("returns the entries of the wire log after a number, and whether it is on", () =>
    withBackend(Effect.fnUntraced(function*({ request }) {
      const list = (query = "") => request("GET", `/_sandbox/log${query}`)
      assert.deepStrictEqual((yield* list()).body, { enabled: false, forgotten: 0, entries: [] })
      assert.deepStrictEqual((yield* request("PUT", "/_sandbox/log", { body: { enabled: true } })).body, {
        enabled: true
      })
      yield* request("GET", "/api/fabric/messages")
      const { body } = yield* list()
      assert.deepStrictEqual([body.enabled, body.entries.map(({ seq }: { readonly seq: number }) => seq)], [true, [
        1,
        2
      ]])
      assert.deepStrictEqual((yield* list("?after=1")).body.entries, body.entries.slice(1))
      for (const after of ["-1", "x", "1x", "", "1234567890123456"]) {
        const refused = yield* list(`?after=${after}`)
        assert.deepStrictEqual([refused.status, refused.body.errors[0].attribute], [422, "after"])
      }
      assert.strictEqual((yield* list("?after=123456789012345")).status, 200)
      assert.deepStrictEqual((yield* request("DELETE", "/_sandbox/log")).body, { enabled: true })
    })))

  it.effect("accepts thousands of messages at once, in a body of at most eight mebibytes", () =>
    withBackend(Effect.fnUntraced(function*({ addRoom, addSubscriber, request }) {
      const [ada, office] = [yield* addSubscriber("ada"), yield* addRoom("office")]
      const message = { from: ada.id, addressId: office, text: "x".repeat(9000) }
      const status = (count: number, after = "") =>
        Effect.map(
          request("POST", "/_sandbox/messages", {
            body: `${JSON.stringify(messages(...Array.from({ length: count }, () => message)))}${after}`
          }),
          ({ status }) => status
        )
      assert.strictEqual(yield* status(100), 200)
      assert.strictEqual(yield* status(1, " ".repeat(8 * 1024 * 1024)), 413)
    })))

  it.effect("allows in the response to a preflight request what its routes need", () =>
    withBackend(Effect.fnUntraced(function*({ request }) {
      const { headers } = yield* request("OPTIONS", "/_sandbox/log", { headers: { origin: "http://localhost" } })
      const expected = {
        "access-control-allow-methods": "GET, POST, PUT, DELETE",
        "access-control-allow-headers": "Content-Type",
        "access-control-max-age": "600",
        "access-control-allow-origin": "http://localhost",
        "cross-origin-resource-policy": "same-origin",
        "vary": "origin",
        "x-content-type-options": "nosniff"
      }
      assert.deepInclude(Object.fromEntries(headers), expected)
    })))

  it.effect("allows pages of any origin to send the requests of the service's routes", () =>
    withBackend(Effect.fnUntraced(function*({ request }) {
      const { headers } = yield* request("OPTIONS", "/api/fabric/messages", { headers: { origin: "https://a.test" } })
      assert.deepInclude(Object.fromEntries(headers), {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
        "access-control-allow-headers": "Authorization, Content-Type, Accept",
        "access-control-expose-headers": "Retry-After",
        "access-control-max-age": "86400"
      })
    })))

  it.effect("is only at its own path", () =>
    withBackend(Effect.fnUntraced(function*({ request }) {
      const status = (path: string) => Effect.map(request("GET", path), ({ status }) => status)
      assert.deepStrictEqual(
        [
          yield* status("/_sandbox"),
          yield* status("/_sandbox/"),
          yield* status("/_sandbox/x"),
          yield* status("/x/_sandbox")
        ],
        [200, 200, 404, 404]
      )
    })))
})
