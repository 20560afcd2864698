import * as Endpoint from "@effect-signalwire/runtime/Endpoint"
import * as Token from "@effect-signalwire/schema/Token"
import { assert, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { failureOf } from "./support.ts"

const tokenFor = (ch: string): string =>
  Token.encode({ alg: "dir", enc: "A256GCM", ch, typ: "SAT" }, ["iv", "ciphertext", "tag"])

const endpoint = (token: string, options?: Endpoint.Options): Endpoint.Endpoint =>
  Result.getOrThrow(Endpoint.make(token, options))

/** The parameter that is refused, and the message. */
const refusal = (options: Endpoint.Options, token = "opaque") => {
  const [error] = failureOf(Endpoint.make(token, options)).errors
  return [error?.attribute, error?.message]
}

it("derives both URLs from the host in the token", () => {
  assert.deepStrictEqual(endpoint(tokenFor("puc.example.test")), {
    http: "https://fabric.example.test",
    ws: "wss://puc.example.test"
  })
})

it("keeps the port of the host in the token", () => {
  assert.deepStrictEqual(endpoint(tokenFor("puc.example.test:8443")), {
    http: "https://fabric.example.test:8443",
    ws: "wss://puc.example.test:8443"
  })
})

it("replaces the first label of the host by fabric", () => {
  assert.strictEqual(endpoint(tokenFor("puc.eu.example.test")).http, "https://fabric.eu.example.test")
})

it("prefers the host option over the host in the token, for REST and the socket", () => {
  assert.deepStrictEqual(endpoint(tokenFor("puc.example.test"), { host: "relay.other.test" }), {
    http: "https://fabric.other.test",
    ws: "wss://relay.other.test"
  })
})

it("prefers the urls option over everything else", () => {
  assert.deepStrictEqual(
    endpoint(tokenFor("puc.example.test"), {
      host: "relay.other.test",
      urls: { http: "https://rest.example.test:8443/", ws: "wss://socket.example.test:9443/" }
    }),
    { http: "https://rest.example.test:8443", ws: "wss://socket.example.test:9443" }
  )
})

it.each(["opaque", "", "not base64!.a.b.c.d", Token.encode({ typ: "SAT" }, ["iv", "ciphertext", "tag"])])(
  "selects production for a token without a host: %j",
  (token) => {
    assert.deepStrictEqual(endpoint(token), {
      http: "https://fabric.signalwire.com",
      ws: "wss://puc.signalwire.com"
    })
  }
)

it.each(["localhost:8080", "127.0.0.1:8080", "127.1.2.3:8080", "127.10.20.30:8080", "[::1]:8080"])(
  "uses http: and ws: with the loopback host %s, and the same host for REST",
  (host) => {
    assert.deepStrictEqual(endpoint("opaque", { host }), { http: `http://${host}`, ws: `ws://${host}` })
  }
)

it("accepts an IPv6 address without brackets", () => {
  assert.deepStrictEqual(endpoint("opaque", { host: "::1" }), { http: "http://[::1]", ws: "ws://[::1]" })
})

it.each(["::1::2", "[::1", "::1/path", "fe80::1%eth0"])("refuses an invalid IPv6 address: %s", (host) => {
  assert.deepStrictEqual(refusal({ host }), ["host", "is not a host name"])
})

it("replaces a name under localhost by the loopback address, since not every resolver resolves it", () => {
  assert.deepStrictEqual(endpoint(tokenFor("puc.localhost:8080")), {
    http: "http://127.0.0.1:8080",
    ws: "ws://127.0.0.1:8080"
  })
})

it("replaces a name under localhost that has no port", () => {
  assert.deepStrictEqual(endpoint(tokenFor("puc.localhost")), { http: "http://127.0.0.1", ws: "ws://127.0.0.1" })
})

it.each(["a.127.0.0.1", "127.0.0.1.example.test", "localhost.example.test", "10.0.0.1"])(
  "does not take %s for a loopback host",
  (host) => {
    assert.isFalse(Endpoint.isLoopback(host))
  }
)

it("accepts http: and ws: URLs of loopback hosts", () => {
  assert.deepStrictEqual(
    endpoint("opaque", { urls: { http: "http://127.0.0.1:41234", ws: "ws://127.0.0.1:41234" } }),
    { http: "http://127.0.0.1:41234", ws: "ws://127.0.0.1:41234" }
  )
})

it.each([
  "http://rest.example.test",
  "http://127.0.0.1.example.test",
  "http://localhost.example.test",
  "http://10.0.0.1"
])("refuses http: with the host of %s", (http) => {
  assert.deepStrictEqual(refusal({ urls: { http, ws: "wss://socket.example.test" } }), [
    "urls.http",
    "http:// would send the token unencrypted; use https:// (loopback hosts are exempt)"
  ])
})

it("P6.3: refuses an unencrypted socket", () => {
  assert.deepStrictEqual(refusal({ urls: { http: "https://a.test", ws: "ws://a.test" } }), [
    "urls.ws",
    "ws:// would send the token unencrypted; use wss:// (loopback hosts are exempt)"
  ])
})

it.each(["https://a.test/?q=1", "https://a.test/api?q", "https://a.test/#top"])(
  "refuses the query or fragment of %s",
  (http) => {
    assert.deepStrictEqual(refusal({ urls: { http, ws: "wss://a.test" } }), [
      "urls.http",
      "must not have a query or a fragment"
    ])
  }
)

it.each([
  ["https://a.test/signalwire", "https://a.test/signalwire"],
  ["https://a.test/signalwire/", "https://a.test/signalwire"],
  ["https://a.test:8443/a/./b/../c//", "https://a.test:8443/a/c"],
  ["https://a.test//", "https://a.test"]
])("keeps the path of the REST URL %s, for reverse proxies", (http, kept) => {
  assert.strictEqual(endpoint("opaque", { urls: { http, ws: "wss://a.test" } }).http, kept)
})

it.each([
  ["wss://a.test/signalwire-ws", "wss://a.test/signalwire-ws"],
  ["wss://a.test/socket/", "wss://a.test/socket/"],
  ["wss://a.test/", "wss://a.test"]
])("keeps the path of the socket URL %s, for reverse proxies", (ws, kept) => {
  assert.strictEqual(endpoint("opaque", { urls: { http: "https://a.test", ws } }).ws, kept)
})

it("refuses another protocol", () => {
  assert.deepStrictEqual(refusal({ urls: { http: "wss://a.test", ws: "wss://a.test" } }), [
    "urls.http",
    "must start with https://, not wss://"
  ])
})

it.each(["ada:s3cret", "ada", ":s3cret"])("refuses the credentials %s in a URL", (credentials) => {
  assert.deepStrictEqual(refusal({ urls: { http: `https://${credentials}@a.test`, ws: "wss://a.test" } }), [
    "urls.http",
    "must not contain credentials"
  ])
})

it("refuses credentials in a host", () => {
  assert.deepStrictEqual(refusal({ host: "ada:s3cret@puc.example.test" }), [
    "host",
    "must not contain credentials"
  ])
})

it("does not include an invalid URL in the message", () => {
  assert.deepStrictEqual(refusal({ urls: { http: "//ada:s3cret@a.test", ws: "wss://a.test" } }), [
    "urls.http",
    "is not a URL"
  ])
})

it("P6.1: does not include an invalid host in the message, since it may be the token", () => {
  for (const host of ["s3cret", "puc.example.test/s3cret", "puc.example.test?token=s3cret"]) {
    assert.notInclude(refusal({ host })[1], "s3cret")
  }
})

it.each(["signalwire", ".example.test", "[2001:db8::1]", "2001:db8::1"])(
  "refuses the host %s, from which the host of the REST API can't be derived",
  (host) => {
    assert.deepStrictEqual(refusal({ host }), [
      "host",
      "has no domain; pass a host such as puc.signalwire.com, or urls"
    ])
  }
)

it("refuses a token whose host has no dot", () => {
  assert.strictEqual(refusal({}, tokenFor("signalwire"))[0], "host")
})

it.each(["", "wss://puc.example.test", "puc.example.test/path", "puc example.test", "puc.example.test?"])(
  "refuses %j as a host",
  (host) => {
    assert.deepStrictEqual(refusal({ host }), ["host", "is not a host name"])
  }
)
