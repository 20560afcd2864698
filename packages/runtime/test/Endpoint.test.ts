import * as Endpoint from "@effect-signalwire/runtime/Endpoint"
import * as Token from "@effect-signalwire/schema/Token"
import { assert, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { failureOf } from "./support.ts"

const tokenFor = (ch: string): string =>
  Token.encode({ alg: "dir", enc: "A256GCM", ch, typ: "SAT" }, ["iv", "ciphertext", "tag"])

const where = (token: string, options?: Endpoint.Options): Endpoint.Endpoint =>
  Result.getOrThrow(Endpoint.make(token, options))

/** The parameter that is complained about, and the complaint. */
const refusal = (options: Endpoint.Options, token = "opaque") => {
  const [error] = failureOf(Endpoint.make(token, options)).errors
  return [error?.attribute, error?.message]
}

it("derives both addresses from the host that the token names", () => {
  assert.deepStrictEqual(where(tokenFor("puc.example.test")), {
    http: "https://fabric.example.test",
    ws: "wss://puc.example.test"
  })
})

it("keeps the port of the host that the token names", () => {
  assert.deepStrictEqual(where(tokenFor("puc.example.test:8443")), {
    http: "https://fabric.example.test:8443",
    ws: "wss://puc.example.test:8443"
  })
})

it("puts everything after the first dot behind fabric", () => {
  assert.strictEqual(where(tokenFor("puc.eu.example.test")).http, "https://fabric.eu.example.test")
})

it("prefers the given host to the token's, for REST and socket alike", () => {
  assert.deepStrictEqual(where(tokenFor("puc.example.test"), { host: "relay.other.test" }), {
    http: "https://fabric.other.test",
    ws: "wss://relay.other.test"
  })
})

it("prefers the given urls to everything else", () => {
  assert.deepStrictEqual(
    where(tokenFor("puc.example.test"), {
      host: "relay.other.test",
      urls: { http: "https://rest.example.test:8443/", ws: "wss://socket.example.test:9443/" }
    }),
    { http: "https://rest.example.test:8443", ws: "wss://socket.example.test:9443" }
  )
})

it.each(["opaque", "", "not base64!.a.b.c.d", Token.encode({ typ: "SAT" }, ["iv", "ciphertext", "tag"])])(
  "leads to production for a token that names no host: %j",
  (token) => {
    assert.deepStrictEqual(where(token), {
      http: "https://fabric.signalwire.com",
      ws: "wss://puc.signalwire.com"
    })
  }
)

it.each(["localhost:8080", "127.0.0.1:8080", "127.1.2.3:8080", "[::1]:8080"])(
  "speaks plainly to the loopback host %s, without another name for REST",
  (host) => {
    assert.deepStrictEqual(where("opaque", { host }), { http: `http://${host}`, ws: `ws://${host}` })
  }
)

it("takes an IPv6 address without brackets as well", () => {
  assert.deepStrictEqual(where("opaque", { host: "::1" }), { http: "http://[::1]", ws: "ws://[::1]" })
})

it.each(["::1::2", "[::1", "::1/path", "fe80::1%eth0"])("refuses what is no IPv6 address: %s", (host) => {
  assert.deepStrictEqual(refusal({ host }), ["host", `"${host}" is not a host name`])
})

it("reaches a name under localhost by its address, which every resolver knows", () => {
  assert.deepStrictEqual(where(tokenFor("puc.localhost:8080")), {
    http: "http://127.0.0.1:8080",
    ws: "ws://127.0.0.1:8080"
  })
})

it("allows plain urls on loopback", () => {
  assert.deepStrictEqual(
    where("opaque", { urls: { http: "http://127.0.0.1:41234", ws: "ws://127.0.0.1:41234" } }),
    { http: "http://127.0.0.1:41234", ws: "ws://127.0.0.1:41234" }
  )
})

it.each([
  "http://rest.example.test",
  "http://127.0.0.1.example.test",
  "http://localhost.example.test",
  "http://10.0.0.1"
])("refuses to speak plainly to %s", (http) => {
  assert.deepStrictEqual(refusal({ urls: { http, ws: "wss://socket.example.test" } }), [
    "urls.http",
    "http:// would send the token in clear; use https:// (loopback hosts are exempt)"
  ])
})

it("P6.3: refuses a plain socket", () => {
  assert.deepStrictEqual(refusal({ urls: { http: "https://a.test", ws: "ws://a.test" } }), [
    "urls.ws",
    "ws:// would send the token in clear; use wss:// (loopback hosts are exempt)"
  ])
})

it.each(["https://a.test/?q=1", "https://a.test/api?q", "https://a.test/#top"])(
  "refuses the query or fragment of %s",
  (http) => {
    assert.deepStrictEqual(refusal({ urls: { http, ws: "wss://a.test" } }), [
      "urls.http",
      "must have no query and no fragment"
    ])
  }
)

it.each([
  ["https://a.test/signalwire", "https://a.test/signalwire"],
  ["https://a.test/signalwire/", "https://a.test/signalwire"],
  ["https://a.test:8443/a/./b/../c//", "https://a.test:8443/a/c"],
  ["https://a.test//", "https://a.test"]
])("keeps the path of %s, under which a reverse proxy serves REST", (http, kept) => {
  assert.strictEqual(where("opaque", { urls: { http, ws: "wss://a.test" } }).http, kept)
})

it.each([
  ["wss://a.test/signalwire-ws", "wss://a.test/signalwire-ws"],
  ["wss://a.test/socket/", "wss://a.test/socket/"],
  ["wss://a.test/", "wss://a.test"]
])("keeps the path of the socket %s", (ws, kept) => {
  assert.strictEqual(where("opaque", { urls: { http: "https://a.test", ws } }).ws, kept)
})

it("refuses another protocol", () => {
  assert.deepStrictEqual(refusal({ urls: { http: "wss://a.test", ws: "wss://a.test" } }), [
    "urls.http",
    "must begin with https://, not wss://"
  ])
})

it("refuses credentials in a url", () => {
  assert.deepStrictEqual(refusal({ urls: { http: "https://ada:s3cret@a.test", ws: "wss://a.test" } }), [
    "urls.http",
    "credentials do not belong in a URL"
  ])
})

it("refuses credentials in a host", () => {
  assert.deepStrictEqual(refusal({ host: "ada:s3cret@puc.example.test" }), [
    "host",
    "credentials do not belong in a host name"
  ])
})

it("does not repeat what it could not read as a url", () => {
  assert.deepStrictEqual(refusal({ urls: { http: "//ada:s3cret@a.test", ws: "wss://a.test" } }), [
    "urls.http",
    "is not a URL"
  ])
})

it("refuses a host without a dot", () => {
  assert.deepStrictEqual(refusal({ host: "signalwire" }), [
    "host",
    "\"signalwire\" has no domain; give one such as puc.signalwire.com, or urls"
  ])
})

it("refuses a token whose host has no dot", () => {
  assert.strictEqual(refusal({}, tokenFor("signalwire"))[0], "host")
})

it.each(["", "wss://puc.example.test", "puc.example.test/path", "puc example.test", "puc.example.test?"])(
  "refuses %j as a host",
  (host) => {
    assert.deepStrictEqual(refusal({ host }), ["host", `"${host}" is not a host name`])
  }
)
