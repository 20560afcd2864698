/** The admin API returns tokens, so only programs and pages on this machine can use it. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { withBackend } from "./support.ts"

const endpoints: ReadonlyArray<readonly [method: string, path: string, body?: object]> = [
  ["GET", ""],
  ["GET", "/"],
  ["POST", "/subscribers", { name: "mallory" }],
  ["POST", "/rooms", { name: "den" }],
  ["POST", "/tokens", { subscriberId: "x" }],
  ["POST", "/tokens/expire", { token: "x" }],
  ["POST", "/messages", { messages: [] }],
  ["GET", "/messages"],
  ["GET", "/sessions"],
  ["POST", "/sessions/drop", {}],
  ["POST", "/sessions/disconnect", {}],
  ["GET", "/faults"],
  ["PUT", "/faults", { rules: [] }],
  ["POST", "/faults", { rules: [] }],
  ["DELETE", "/faults"],
  ["GET", "/log"],
  ["PUT", "/log", { enabled: true }],
  ["DELETE", "/log"],
  ["GET", "/nothing"],
  ["PATCH", "/faults"],
  ["OPTIONS", "/faults"]
]
const foreignOrigins = [
  "https://evil.example",
  "http://203.0.113.5",
  "http://10.0.0.1:3000",
  "http://[2001:db8::1]",
  "http://intranet",
  "http://localhost.evil.example",
  "http://127.0.0.1.evil.example",
  "http://evillocalhost",
  "chrome-extension://abcdefghijklmnop",
  "moz-extension://12345678-1234",
  "file://",
  "app://localhost",
  "ws://localhost",
  "null",
  "",
  "http://localhost, http://evil.example",
  "http://user@localhost",
  "localhost"
]
const localOrigins = [
  "http://localhost",
  "http://localhost:5173",
  "https://localhost:8443",
  "http://127.0.0.1:4000",
  "http://127.8.9.10",
  "http://[::1]:3000",
  "http://app.localhost:3000"
]
const foreignHosts = ["rebound.example:4000", "203.0.113.5:4000", "intranet:4000", "localhost.evil.example", "", "%"]

describe("the admin API", () => {
  it.effect.each(endpoints)(
    "%s %s rejects foreign pages, which cannot read the response",
    ([method, path, body]) =>
      withBackend(Effect.fnUntraced(function*({ request }) {
        for (const origin of foreignOrigins) {
          const options = { headers: { origin }, ...(body === undefined ? undefined : { body }) }
          const response = yield* request(method, `/_sandbox${path}`, options)
          assert.strictEqual(response.status, 403, origin)
          assert.isNull(response.headers.get("access-control-allow-origin"))
        }
      }))
  )
  it.effect.each(endpoints)(
    "%s %s rejects requests to the host name of another server",
    ([method, path, body]) =>
      withBackend(Effect.fnUntraced(function*({ request }) {
        for (const host of foreignHosts) {
          const options = { headers: { host }, ...(body === undefined ? undefined : { body }) }
          assert.strictEqual((yield* request(method, `/_sandbox${path}`, options)).status, 403, host)
        }
      }))
  )
  it.effect.each(endpoints)(
    "%s %s allows only the requesting local page to read the response",
    ([method, path, body]) =>
      withBackend(Effect.fnUntraced(function*({ request }) {
        for (const origin of localOrigins) {
          const options = { headers: { origin }, ...(body === undefined ? undefined : { body }) }
          const response = yield* request(method, `/_sandbox${path}`, options)
          assert.notStrictEqual(response.status, 403, origin)
          assert.strictEqual(response.headers.get("access-control-allow-origin"), origin)
          assert.include(response.headers.get("vary") ?? "", "origin")
        }
        const withoutOrigin = yield* request(method, `/_sandbox${path}`, body === undefined ? {} : { body })
        assert.isNull(withoutOrigin.headers.get("access-control-allow-origin"))
      }))
  )
  it.effect("rejects images and frames of other sites, which have no origin", () =>
    withBackend(Effect.fnUntraced(function*({ request }) {
      const status = (site: string) =>
        Effect.map(request("GET", "/_sandbox", { headers: { "sec-fetch-site": site } }), (response) => response.status)
      assert.strictEqual(yield* status("cross-site"), 403)
      for (const site of ["same-origin", "same-site", "none"]) assert.strictEqual(yield* status(site), 200)
    })))
  it.effect("accepts a body only if its content type is JSON", () =>
    withBackend(Effect.fnUntraced(function*({ request }) {
      const status = (type: string) =>
        Effect.map(
          request("PUT", "/_sandbox/log", { body: { enabled: true }, headers: { "content-type": type } }),
          (response) => response.status
        )
      for (
        const type of [
          "text/plain",
          "text/plain;charset=UTF-8",
          "application/x-www-form-urlencoded",
          "application/jsonp",
          ""
        ]
      ) {
        assert.strictEqual(yield* status(type), 415, type)
      }
      assert.strictEqual(yield* status("application/json"), 200)
      assert.strictEqual(yield* status("Application/JSON; charset=utf-8"), 200)
    })))
  it.effect("responds to the preflight request of a local page", () =>
    withBackend(Effect.fnUntraced(function*({ request }) {
      const headers = {
        "origin": "http://localhost:5173",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "content-type"
      }
      const response = yield* request("OPTIONS", "/_sandbox/faults", { headers })
      assert.strictEqual(response.status, 204)
      assert.include(response.headers.get("access-control-allow-methods") ?? "", "PUT")
      assert.match(response.headers.get("access-control-allow-headers") ?? "", /content-type/i)
    })))
})

describe("the server's own page", () => {
  it.effect("can be loaded under each of the server's names", () =>
    withBackend(Effect.fnUntraced(function*({ request }) {
      const status = (origin: string, host: string) =>
        Effect.map(request("GET", "/_sandbox", { headers: { origin, host } }), (response) => response.status)
      assert.strictEqual(yield* status("http://own.example:4000", "own.example:4000"), 200)
      assert.strictEqual(yield* status("https://own.example:4000", "own.example:4000"), 200)
      assert.strictEqual(yield* status("http://own.example:5000", "own.example:4000"), 403)
      assert.strictEqual(yield* status("http://other.example:4000", "own.example:4000"), 403)
      assert.strictEqual(yield* status("http://other.example:4000", "other.example:4000"), 403)
      assert.strictEqual(yield* status("ftp://own.example:4000", "own.example:4000"), 403)
    })))
})

describe("added rules", () => {
  it.effect("follow the active rules, which are unchanged", () =>
    withBackend(Effect.fnUntraced(function*({ faults, addSubscriber, request }) {
      const ada = yield* addSubscriber("ada")
      const rule = (status: number) => ({ match: { on: "http" }, action: { type: "answer", status }, times: 1 })
      yield* request("PUT", "/_sandbox/faults", { body: { rules: [rule(500), rule(501)], seed: 7 } })
      yield* request("GET", "/api/fabric/messages", ada)
      const { body } = yield* request("POST", "/_sandbox/faults", { body: { rules: [rule(502)] } })
      assert.deepStrictEqual(body, { rules: [rule(501), rule(502)], seed: 7 })
      assert.strictEqual((yield* request("GET", "/api/fabric/messages", ada)).status, 501)
      assert.strictEqual((yield* request("POST", "/_sandbox/faults", { body: { rules: [], seed: 1 } })).status, 422)
      assert.deepStrictEqual<unknown>(faults.rules().rules, [rule(502)])
    })))
  it.effect("are limited to a thousand, together with the active rules", () =>
    withBackend(Effect.fnUntraced(function*({ faults, request }) {
      const rules = Array.from({ length: 1000 }, () => ({ match: { on: "http" }, action: { type: "drop" } }))
      const add = (count: number) =>
        Effect.map(
          request("POST", "/_sandbox/faults", { body: { rules: rules.slice(0, count) } }),
          ({ status }) => status
        )
      assert.deepStrictEqual([yield* add(999), yield* add(2), yield* add(1)], [200, 422, 200])
      assert.strictEqual(faults.rules().rules.length, 1000)
    })))
  it.effect("lose the seed when all rules are removed", () =>
    withBackend(Effect.fnUntraced(function*({ faults, request }) {
      yield* request("PUT", "/_sandbox/faults", { body: { rules: [], seed: 7 } })
      assert.deepStrictEqual((yield* request("DELETE", "/_sandbox/faults")).body, { rules: [] })
      assert.isUndefined(faults.rules().seed)
    })))
})

describe("a rule with a duration", () => {
  it.effect("ends by itself, and reports the remaining time", () =>
    withBackend(Effect.fnUntraced(function*({ faults, addSubscriber, request }) {
      const ada = yield* addSubscriber("ada")
      const rule = {
        match: { on: "http", path: "/api/*" },
        action: { type: "answer", status: 503 },
        forMillis: 10_000
      }
      yield* request("PUT", "/_sandbox/faults", { body: { rules: [rule] } })
      const status = Effect.map(request("GET", "/api/fabric/messages", ada), (response) => response.status)
      yield* TestClock.adjust("4 seconds")
      assert.strictEqual(yield* status, 503)
      assert.strictEqual((yield* request("GET", "/_sandbox/faults")).body.rules[0].forMillis, 6000)
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual(yield* status, 200)
      assert.deepStrictEqual(faults.rules().rules, [])
    })))
})
