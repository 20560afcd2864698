/**
 * Generates hostile traffic, reproducibly with a seed: valid requests and frames with mutations, and garbage.
 */

export interface HttpCase {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/** The data of the sandbox that requests and frames are made from. */
export interface Known {
  /** Secrets to write into other fields, so that the log must redact them. */
  readonly secrets: ReadonlyArray<string>
  readonly token: string
  /** The project's authorization header. The tokens that it mints are not used. */
  readonly basic: string
  readonly subscriberId: string
  readonly addressIds: ReadonlyArray<string>
  readonly groupIds: ReadonlyArray<string>
}

/** Makes a generator of reproducible numbers from 0 to 1 (Mulberry32). */
const seeded = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** JSON values that are known to break servers. */
const edgeCases = [
  "null",
  "true",
  "[]",
  "{}",
  "\"\"",
  "0",
  "-0",
  "-1",
  "1e999",
  "-1e999",
  "1e-400",
  "9007199254740993",
  "123456789012345678901234567890",
  "0.1e1",
  "\"\\ud800\"",
  "\"\\udc00\\ud800\"",
  "\"\\u0000\"",
  "\"a\\u0000b\"",
  "\"\\u202e\\ufeff\"",
  "\"__proto__\"",
  "\"constructor\"",
  "\"../../etc/passwd\"",
  "\"' OR 1=1 --\"",
  "\"%00%ff\"",
  "\"${7*7}{{7*7}}\"",
  "{\"__proto__\":{\"admin\":true}}",
  "{\"constructor\":{\"prototype\":{\"x\":1}}}",
  "{\"toString\":null,\"valueOf\":null,\"hasOwnProperty\":1,\"toJSON\":1}",
  "{\"a\":1,\"a\":2}",
  "[[[[[[[[[[1]]]]]]]]]]",
  "{\"length\":1e9}"
]

const methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "get", "PROPFIND"]
const rpcMethods = [
  "signalwire.connect",
  "signalwire.reauthenticate",
  "signalwire.ping",
  "signalwire.event",
  "signalwire.disconnect",
  "subscriber.online",
  "subscriber.offline",
  "webrtc.verto",
  "__proto__",
  ""
]

export const make = (seed: number, known: Known) => {
  const random = seeded(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <A>(items: ReadonlyArray<A>): A => {
    const found = items[below(items.length)]
    if (found === undefined) throw new Error("There is nothing to pick from")
    return found
  }
  const chance = (probability: number) => random() < probability

  const nested = () => {
    const depth = pick([10, 63, 64, 65, 1000, 20_000])
    const [open, close] = pick([["[", "]"], ["{\"a\":", "}"]] as const)
    return open.repeat(depth) + "1" + (chance(0.5) ? close.repeat(depth) : "")
  }
  const long = () => JSON.stringify(pick(["x", "é", "😀", "\\", "\u0000"]).repeat(pick([9_999, 10_001, 40_000])))
  const value = () => chance(0.03) ? nested() : chance(0.04) ? long() : pick(edgeCases)
  const id = () => pick([...known.addressIds, ...known.groupIds, known.subscriberId])
  const ids = () => JSON.stringify(Array.from({ length: below(4) }, id))

  const members = (fields: ReadonlyArray<readonly [string, string]>): string =>
    fields.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")
  /** A valid object in which some fields are replaced, removed, repeated or added. */
  const mutated = (fields: ReadonlyArray<readonly [string, string]>): string => {
    const out: Array<readonly [string, string]> = []
    for (const [name, text] of fields) {
      if (chance(0.08)) continue
      out.push([name, chance(0.2) ? value() : text])
      if (chance(0.05)) out.push([name, value()])
    }
    if (chance(0.15)) out.push([pick(["__proto__", "constructor", "id", "token", "user_id", "extra", ""]), value()])
    return `{${members(out)}}`
  }
  /** Damages some characters of a string. */
  const damaged = (text: string): string => {
    const at = below(text.length + 1)
    switch (below(5)) {
      case 0:
        return text.slice(0, at)
      case 1:
        return text.slice(0, at) + pick(["\"", "{", "}", "\\", "\u0000", ",", "\ufeff", "é"]) + text.slice(at)
      case 2:
        return text + text
      case 3:
        return text.slice(0, at) + text.slice(at + 1 + below(5))
      default:
        return `[${text}]`
    }
  }
  const garbage = () => Buffer.from(Array.from({ length: below(200) }, () => below(256)))
  const json = (fields: ReadonlyArray<readonly [string, string]>): string | Buffer =>
    chance(0.03) ? garbage() : chance(0.12) ? damaged(mutated(fields)) : mutated(fields)

  /** A secret in an equivalent encoding. */
  const secretAs = (encode: (character: string) => string): string => {
    const secret = pick(known.secrets)
    const from = chance(0.3) ? below(secret.length) : 0
    return [...secret].map((character, index) => index < from ? character : encode(character)).join("")
  }
  const percent = (character: string) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`
  const unicode = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  const same = (character: string) => character
  const secretInUrl = () => chance(0.3) ? encodeURIComponent(secretAs(same)) : secretAs(percent)
  const secretInJson = () => `"${chance(0.4) ? "my secret is " : ""}${secretAs(pick([same, unicode]))}"`

  const content = (): ReadonlyArray<readonly [string, string]> => [
    ["text", chance(0.1) ? secretInJson() : JSON.stringify(`fuzz ${below(1e6)}`)],
    ["metadata", chance(0.3) ? `{"k":${value()}}` : "{}"],
    ["details", chance(0.3) ? `{"k":${value()}}` : "{}"]
  ]
  const text = (content: string) => JSON.stringify(content)
  const post = (path: string, fields: ReadonlyArray<readonly [string, string]>) => ({ method: "POST", path, fields })
  const requests = [
    () => post("/api/fabric/messages", [["conversation_id", text(id())], ...content()]),
    () =>
      post("/api/fabric/messages", [
        ["group_id", text(id())],
        ["from_fabric_address_id", text(id())],
        ...content()
      ]),
    () => post("/api/fabric/conversations/join", [["conversation_id", text(id())]]),
    () =>
      post("/api/fabric/conversations/join", [["from_fabric_address_id", text(id())], ["fabric_address_ids", ids()]]),
    () => post("/api/fabric/subscribers/tokens/refresh", [["refresh_token", text(known.token)]]),
    () =>
      post("/api/fabric/subscribers/tokens", [["reference", text("eve")], [
        "expire_at",
        chance(0.9) ? "7e9" : "1e308"
      ]]),
    () =>
      post("/api/fabric/guests/tokens", [["allowed_addresses", ids()], ["expire_at", chance(0.9) ? "7e9" : "1e308"]]),
    () => post("/api/fabric/subscriber/invites", [["address_id", text(id())], ["expires_at", "7e9"]]),
    () => post("/api/fabric/embeds/tokens", [["token", text(`c2c_${id()}`)]]),
    () => post("/api/fabric/subscriber/devices", [["device_type", text("Android")], ["device_token", text("d")]]),
    () => post("/api/fabric/subscriber/devices/token", [["dpop_token", text("p")], ["expire_in", "900"]]),
    () => post("/_sandbox/rooms", [["name", text(`room ${below(50)}`)], ["displayName", text("Room")]]),
    () =>
      post("/_sandbox/subscribers", [
        ["name", text(`fuzz ${below(50)}`)],
        ["displayName", text("Fuzz")],
        ["email", text("f@example.test")]
      ]),
    () => post("/_sandbox/tokens", [["subscriberId", text(known.subscriberId)], ["ttlSeconds", "60"]]),
    () => post("/_sandbox/tokens/expire", [["token", text("unknown")]]),
    () =>
      post("/_sandbox/messages", [[
        "messages",
        `[{${
          members([
            ["from", text(known.subscriberId)],
            ["addressId", text(id())],
            ["text", chance(0.3) ? value() : text("seeded")],
            ["ts", chance(0.3) ? value() : "1735790645.5"],
            ["metadata", chance(0.3) ? value() : "{}"],
            ["kind", chance(0.3) ? value() : "null"]
          ])
        }}]`
      ]])
  ]
  const parameter = () => {
    const name = pick(["page_size", "page_number", "page_token", "limit", "since", "until", "sort_by", "type", "name"])
    const raw = pick([
      "1",
      "0",
      "-1",
      "1e9",
      "99999999999",
      "NaN",
      "",
      "%00",
      "%ff",
      "%",
      "a&b",
      "PAx",
      secretInUrl(),
      "__proto__",
      "é"
    ])
    return `${name}=${chance(0.3) ? encodeURIComponent(raw) : raw.replace("é", "%E9")}`
  }
  const get = () => {
    const base = pick([
      "/api/fabric/messages",
      "/api/fabric/conversations",
      `/api/fabric/conversations/${id()}/messages`,
      `/api/fabric/conversations/${pick(["..", "%2e%2e", "%00", "%ff", "__proto__", "sw_", "sw_a_b", "%"])}/messages`,
      "/api/fabric/addresses",
      `/api/fabric/addresses/${chance(0.5) ? id() : "%F0%9F"}`,
      "/api/fabric/subscriber/info",
      `/api/fabric/${secretInUrl()}`,
      "//evil.test/api",
      "/%2f..%2f",
      "/api/fabric/" + "a/".repeat(below(100))
    ])
    const query = Array.from({ length: below(4) }, parameter).join("&")
    return query === "" ? base : `${base}?${query}`
  }
  const authorization = (path: string): Record<string, string> =>
    /\/(subscribers|guests)\/tokens$/.test(path) && chance(0.8)
      ? { authorization: known.basic }
      : chance(0.9)
      ? { authorization: `Bearer ${known.token}` }
      : pick<Record<string, string>>([
        {},
        { authorization: "Bearer" },
        { authorization: `Bearer ${known.token.slice(0, -3)}` },
        { authorization: "Basic OjpbXQ==" },
        { authorization: `Bearer ${"a".repeat(5000)}` },
        { authorization: "Bearer __proto__" },
        { authorization: secretAs(same) },
        { authorization: `Bearer\t${secretAs(same)}` },
        { authorization: `Bearer:${secretAs(same)}` },
        { authorization: `Secret ${secretAs(same)}` }
      ])

  const http = (): HttpCase => {
    if (chance(0.35)) {
      const method = chance(0.9) ? "GET" : pick(methods)
      const path = get()
      return { method, path, headers: authorization(path), body: "" }
    }
    const { fields, method, path } = pick(requests)()
    return {
      method: chance(0.95) ? method : pick(methods),
      path,
      headers: {
        ...authorization(path),
        // the only content type that the admin API accepts
        "content-type": path.startsWith("/_sandbox") && chance(0.9) ? "application/json" : pick([
          "application/json",
          "text/plain",
          "multipart/form-data; boundary=x",
          "application/json; charset=utf-16"
        ])
      },
      body: json(fields)
    }
  }

  const connectParams = () =>
    mutated([
      ["version", "{\"major\":4,\"minor\":0,\"revision\":0}"],
      ["event_acks", "true"],
      ["agent", chance(0.2) ? secretInJson() : "\"fuzz\""],
      ["authentication", mutated([["jwt_token", text(known.token)]])],
      ...(chance(0.3) ? [["protocol", text("signalwire_a_b_c")], ["authorization_state", text("a:b")]] as const : [])
    ])
  const frame = (): string | Buffer => {
    const name = chance(0.05) ? secretAs(same) : pick(rpcMethods)
    const params = name === "signalwire.connect" || name === "signalwire.reauthenticate" ? connectParams() : value()
    const common = [["jsonrpc", "\"2.0\""], ["id", chance(0.8) ? text(`f${below(1e6)}`) : value()]] as const
    const fields = chance(0.75)
      ? [...common, ["method", text(name)] as const, ["params", params] as const]
      : [...common, chance(0.5) ? ["result", value()] as const : ["error", value()] as const]
    const made = json(fields)
    return chance(0.05) ? Buffer.from(made) : made
  }

  /** Bytes that are almost HTTP, or almost a WebSocket. */
  const bytes = (): Buffer => {
    const upgrade = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    const auth = `Authorization: Bearer ${known.token}\r\n`
    const messages = `POST /api/fabric/messages HTTP/1.1\r\nHost: x\r\n${auth}`
    return Buffer.concat([
      Buffer.from(pick([
        "",
        upgrade,
        upgrade.replace("13", "99"),
        upgrade.replace("dGhl", ""),
        `${messages}Content-Length: 100\r\n\r\n{"text`,
        `${messages}Content-Length: -1\r\n\r\n`,
        `${messages}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
        `${messages}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFF\r\n`,
        `GET /${"a".repeat(below(30_000))} HTTP/1.1\r\n\r\n`,
        `GET / HTTP/1.1\r\n${`X: ${"y".repeat(500)}\r\n`.repeat(below(60))}\r\n`,
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
      ])),
      // frames that are unmasked, of unknown types, too long, or incomplete
      pick([
        Buffer.alloc(0),
        garbage(),
        Buffer.from([0x81, 0x05, 1, 2, 3, 4, 5]),
        Buffer.from([0x83, 0x80, 0, 0, 0, 0]),
        Buffer.from([0x01, 0x81, 0, 0, 0, 0, 0x7b]),
        Buffer.from([0x80, 0x81, 0, 0, 0, 0, 0x7b]),
        Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
        Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x01, 0, 0, 0, 0, 0, 0, 0, 1]),
        Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0xff, 0xff]),
        Buffer.from([0xc1, 0x81, 0, 0, 0, 0, 0x7b])
      ])
    ])
  }

  return { http, frame, bytes, below, chance }
}
