/** The admin API gives out tokens, so it is for this machine's programs and pages. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { inWorld } from "./support.ts"

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
const strangers = [
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
const friends = [
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
    "%s %s is refused to pages from elsewhere, which may not read why",
    ([method, path, body]) =>
      inWorld(Effect.fnUntraced(function*({ request }) {
        for (const origin of strangers) {
          const options = { headers: { origin }, ...(body === undefined ? undefined : { body }) }
          const answer = yield* request(method, `/_sandbox${path}`, options)
          assert.strictEqual(answer.status, 403, origin)
          assert.isNull(answer.headers.get("access-control-allow-origin"))
        }
      }))
  )
  it.effect.each(endpoints)(
    "%s %s is refused to those who came under another server's name",
    ([method, path, body]) =>
      inWorld(Effect.fnUntraced(function*({ request }) {
        for (const host of foreignHosts) {
          const options = { headers: { host }, ...(body === undefined ? undefined : { body }) }
          assert.strictEqual((yield* request(method, `/_sandbox${path}`, options)).status, 403, host)
        }
      }))
  )
  it.effect.each(endpoints)(
    "%s %s tells the page of this machine that asks, and no other, that it may read",
    ([method, path, body]) =>
      inWorld(Effect.fnUntraced(function*({ request }) {
        for (const origin of friends) {
          const options = { headers: { origin }, ...(body === undefined ? undefined : { body }) }
          const answer = yield* request(method, `/_sandbox${path}`, options)
          assert.notStrictEqual(answer.status, 403, origin)
          assert.strictEqual(answer.headers.get("access-control-allow-origin"), origin)
          assert.include(answer.headers.get("vary") ?? "", "origin")
        }
        const unasked = yield* request(method, `/_sandbox${path}`, body === undefined ? {} : { body })
        assert.isNull(unasked.headers.get("access-control-allow-origin"))
      }))
  )
  it.effect("is refused to images and frames of other sites, which come without an origin", () =>
    inWorld(Effect.fnUntraced(function*({ request }) {
      const status = (site: string) =>
        Effect.map(request("GET", "/_sandbox", { headers: { "sec-fetch-site": site } }), (answer) => answer.status)
      assert.strictEqual(yield* status("cross-site"), 403)
      for (const site of ["same-origin", "same-site", "none"]) assert.strictEqual(yield* status(site), 200)
    })))
  it.effect("takes a body only when it says that it is JSON", () =>
    inWorld(Effect.fnUntraced(function*({ request }) {
      const status = (type: string) =>
        Effect.map(
          request("PUT", "/_sandbox/log", { body: { enabled: true }, headers: { "content-type": type } }),
          (answer) => answer.status
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
  it.effect("lets a page of this machine ask before it sends JSON", () =>
    inWorld(Effect.fnUntraced(function*({ request }) {
      const headers = {
        "origin": "http://localhost:5173",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "content-type"
      }
      const answer = yield* request("OPTIONS", "/_sandbox/faults", { headers })
      assert.strictEqual(answer.status, 204)
      assert.include(answer.headers.get("access-control-allow-methods") ?? "", "PUT")
      assert.match(answer.headers.get("access-control-allow-headers") ?? "", /content-type/i)
    })))
})

describe("the server's own page", () => {
  it.effect("may be had under each of the server's names", () =>
    inWorld(Effect.fnUntraced(function*({ request }) {
      const status = (origin: string, host: string) =>
        Effect.map(request("GET", "/_sandbox", { headers: { origin, host } }), (answer) => answer.status)
      assert.strictEqual(yield* status("http://own.example:4000", "own.example:4000"), 200)
      assert.strictEqual(yield* status("https://own.example:4000", "own.example:4000"), 200)
      assert.strictEqual(yield* status("http://own.example:5000", "own.example:4000"), 403)
      assert.strictEqual(yield* status("http://other.example:4000", "own.example:4000"), 403)
      assert.strictEqual(yield* status("http://other.example:4000", "other.example:4000"), 403)
      assert.strictEqual(yield* status("ftp://own.example:4000", "own.example:4000"), 403)
    })))
})

describe("rules that are added", () => {
  it.effect("come after those that have any times left, which stay as they are", () =>
    inWorld(Effect.fnUntraced(function*({ faults, person, request }) {
      const ada = yield* person("ada")
      const rule = (status: number) => ({ match: { on: "http" }, action: { type: "answer", status }, times: 1 })
      yield* request("PUT", "/_sandbox/faults", { body: { rules: [rule(500), rule(501)], seed: 7 } })
      yield* request("GET", "/api/fabric/messages", ada)
      const { body } = yield* request("POST", "/_sandbox/faults", { body: { rules: [rule(502)] } })
      assert.deepStrictEqual(body, { rules: [rule(501), rule(502)], seed: 7 })
      assert.strictEqual((yield* request("GET", "/api/fabric/messages", ada)).status, 501)
      assert.strictEqual((yield* request("POST", "/_sandbox/faults", { body: { rules: [], seed: 1 } })).status, 422)
      assert.deepStrictEqual<unknown>(faults.rules().rules, [rule(502)])
    })))
  it.effect("are a thousand at most, with those that are active", () =>
    inWorld(Effect.fnUntraced(function*({ faults, request }) {
      const rules = Array.from({ length: 1000 }, () => ({ match: { on: "http" }, action: { type: "drop" } }))
      const add = (count: number) =>
        Effect.map(
          request("POST", "/_sandbox/faults", { body: { rules: rules.slice(0, count) } }),
          ({ status }) => status
        )
      assert.deepStrictEqual([yield* add(999), yield* add(2), yield* add(1)], [200, 422, 200])
      assert.strictEqual(faults.rules().rules.length, 1000)
    })))
  it.effect("repeat a series no longer once all were removed", () =>
    inWorld(Effect.fnUntraced(function*({ faults, request }) {
      yield* request("PUT", "/_sandbox/faults", { body: { rules: [], seed: 7 } })
      assert.deepStrictEqual((yield* request("DELETE", "/_sandbox/faults")).body, { rules: [] })
      assert.isUndefined(faults.rules().seed)
    })))
})

describe("a rule with a time", () => {
  it.effect("ends by itself, and says how much of it is left", () =>
    inWorld(Effect.fnUntraced(function*({ faults, person, request }) {
      const ada = yield* person("ada")
      const rule = { match: { on: "http", path: "/api/*" }, action: { type: "answer", status: 503 }, forMillis: 10_000 }
      yield* request("PUT", "/_sandbox/faults", { body: { rules: [rule] } })
      const status = Effect.map(request("GET", "/api/fabric/messages", ada), (answer) => answer.status)
      yield* TestClock.adjust("4 seconds")
      assert.strictEqual(yield* status, 503)
      assert.strictEqual((yield* request("GET", "/_sandbox/faults")).body.rules[0].forMillis, 6000)
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual(yield* status, 200)
      assert.deepStrictEqual(faults.rules().rules, [])
    })))
})
