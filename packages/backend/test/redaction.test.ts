import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { mask, redactAuthorization, redactString, redactValue } from "../src/internal/redaction.ts"
import { Secrets } from "../src/internal/secrets.ts"
import { type TestBackend, withBackend } from "./support.ts"

const secret = "PTaB3-_xyz0123456789+/=ABCDEFGHIJKLMNOPQRSTUVWXYZ"
const make = () => {
  const secrets = new Secrets()
  secrets.add(secret)
  return secrets
}
const percent = (text: string) => [...text].map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`).join("")
const unicode = (text: string) => [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")

describe("a secret", () => {
  it.each([
    ["literally", secret],
    ["percent-encoded", encodeURIComponent(secret)],
    ["with every character percent-encoded", percent(secret)],
    ["percent-encoded twice", percent(percent(secret))],
    ["partly percent-encoded", `${secret.slice(0, 20)}${percent(secret.slice(20))}`],
    ["with JSON escapes", unicode(secret)],
    ["with escaped slashes", secret.replaceAll("/", "\\/")],
    ["with escaped JSON escapes", unicode(secret).replaceAll("\\", "\\\\")]
  ])("is redacted if it appears %s", (_, written) => {
    assert.strictEqual(make().redact(`before ${written} after`), "before [redacted] after")
  })
  it("is redacted if it is cut off at either end", () => {
    const redact = (text: string) => make().redact(`<${text}>`)
    assert.strictEqual(redact(secret.slice(0, 20)), "<[redacted]>")
    assert.strictEqual(redact(secret.slice(12)), "<[redacted]>")
    const short = new Secrets()
    short.add("PT0123456789abcdefghijklmnopqrstuv")
    assert.strictEqual(short.redact("<0123456789abcdefghijklmnopqrstuv>"), "<[redacted]>")
  })
  it("is redacted in the middle of a path, without the text around it", () => {
    assert.strictEqual(make().redact(`/api/${secret}/messages?page=1`), "/api/[redacted]/messages?page=1")
  })
  it("is redacted without invalidating JSON", () => {
    const text = JSON.stringify({ a: [`x${secret}`, { [secret]: `"\\${unicode(secret)}\\"` }], b: secret })
    const redacted: unknown = JSON.parse(make().redact(text))
    assert.deepInclude(redacted, { b: "[redacted]" })
    assert.notInclude(JSON.stringify(redacted), secret.slice(0, 16))
  })
  it("is no longer redacted after it was deleted", () => {
    const secrets = make()
    secrets.delete(secret)
    assert.strictEqual(secrets.redact(secret), secret)
  })
  it("that shares pieces with a deleted one is still redacted", () => {
    const secrets = make()
    const other = `${secret.slice(0, 32)}-another-end-of-the-same-length`
    secrets.add(other)
    secrets.delete(secret)
    assert.strictEqual(secrets.redact(`a ${other} b`), "a [redacted] b")
  })
})

describe("a part of a secret", () => {
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
  const redact = (text: string, ...added: ReadonlyArray<string>) => {
    const secrets = new Secrets()
    for (const one of added) secrets.add(one)
    return secrets.redact(text)
  }

  it.each([16, 17, 31, 32, 33, 48, 62])("of %i characters is redacted at either end of it", (length) => {
    const added = letters.slice(0, Math.max(length, 31))
    const parts = length < 31 ? [added.slice(0, length), added.slice(-length)] : [added.slice(0, length), added]
    for (const part of parts) assert.strictEqual(redact(`<${part}>`, added), "<[redacted]>")
  })

  it("of twice sixteen characters is redacted wherever it begins", () => {
    for (let from = 0; from + 31 <= letters.length; from++) {
      assert.strictEqual(redact(`<${letters.slice(from, from + 31)}>`, letters), "<[redacted]>", `${from}`)
    }
  })

  it("of fewer than sixteen characters is not redacted", () => {
    for (const part of [letters.slice(0, 15), letters.slice(-15), letters.slice(16, 31)]) {
      assert.strictEqual(redact(`<${part}>`, letters), `<${part}>`)
    }
    assert.strictEqual(redact("<abcdefghijklmno>", "abcdefghijklmno"), "<abcdefghijklmno>")
    assert.strictEqual(redact("<abcdefghijklmnop>", "abcdefghijklmnop"), "<[redacted]>")
  })

  it("is redacted together with what continues it, in either direction, and nothing else", () => {
    assert.strictEqual(redact(`XX${letters}YY`, letters), "XX[redacted]YY")
    assert.strictEqual(redact(`${letters}${letters}`, letters), "[redacted][redacted]")
    assert.strictEqual(redact(`a ${letters} b ${letters.slice(0, 20)}! c`, letters), "a [redacted] b [redacted]! c")
    const other = "0000111122223333444455556666777788889999"
    assert.strictEqual(redact(`${letters}${other}`, letters, other), "[redacted][redacted]")
    const short = other.slice(0, 16)
    assert.strictEqual(redact(`${letters}${short}`, letters, short), "[redacted][redacted]")
  })

  it("that several secrets begin with is redacted until the last of them is deleted", () => {
    const secrets = new Secrets()
    const shared = letters.slice(0, 16)
    for (const end of ["-first", "-second"]) secrets.add(shared + end)
    secrets.delete(`${shared}-second`)
    assert.strictEqual(secrets.redact(`${shared}-first`), "[redacted]")
    secrets.delete(`${shared}-first`)
    assert.strictEqual(secrets.redact(`${shared}-first`), `${shared}-first`)
  })

  it("is redacted where it is cut off, although a deleted one began in the same way", () => {
    const secrets = new Secrets()
    const shared = letters.slice(0, 16)
    for (const end of ["-first", "-second"]) secrets.add(shared + end)
    secrets.delete(`${shared}-first`)
    assert.strictEqual(secrets.redact(`<${shared}>`), "<[redacted]>")
  })

  it("is redacted in text with other escapes before and after it", () => {
    const text = `%41\\u0042\\"${encodeURIComponent(`+${letters}/`)}\\/%43 %zz`
    assert.strictEqual(redact(text, letters), `%41\\u0042\\"%2B[redacted]%2F\\/%43 %zz`)
  })

  it("is recognized behind up to four layers of encoding", () => {
    let text = letters
    for (let layer = 0; layer < 4; layer++) {
      text = layer === 0 ? percent(text) : text.replaceAll("%", "%25")
      assert.strictEqual(redact(`<${text}>`, letters), "<[redacted]>", `${layer + 1} layers`)
    }
    text = text.replaceAll("%", "%25")
    assert.strictEqual(redact(`<${text}>`, letters), `<${text}>`)
  })
})

describe("a token of any server", () => {
  it.each([
    ["<eyJhbGciOi>", "<[redacted]>"],
    ["<eyJhbGciO.e30.sig-_.x.y>", "<[redacted]>"],
    ["<eyJhbGciO.a.b.c.d.e>", "<[redacted].e>"],
    ["<eyJhbGciO..a>", "<[redacted]>"],
    ["<eyJabc>", "<eyJabc>"],
    ["<eyJabcdef>", "<[redacted]>"]
  ])("is redacted: %j as %j", (text, expected) => {
    assert.strictEqual(new Secrets().redact(text), expected)
  })
})

describe("a field", () => {
  it.each([
    "authorization",
    "authorization_state",
    "jwt_token",
    "refresh_token",
    "refreshToken",
    "token",
    "dpop_token",
    "device_token",
    "apiToken",
    "api_token",
    "password",
    "credential",
    "access_token",
    "client_secret",
    "TOKEN"
  ])("with the name of a secret is redacted in any text: %s", (name) => {
    assert.deepStrictEqual(redactValue({ [name]: "x", a: [{ [name]: 1 }] }), { [name]: mask, a: [{ [name]: mask }] })
    assert.strictEqual(redactString(`{"${name}" : "x\\"y", "a": 1}`), `{"${name}" : "${mask}", "a": 1}`)
    assert.strictEqual(redactString(`{"${name}":"x`), `{"${name}":"${mask}"`)
    assert.strictEqual(redactString(`/a?${name}=x&b=c#d`), `/a?${name}=${mask}&b=c#d`)
    assert.strictEqual(redactString(`${name}=x;b=c`), `${name}=${mask};b=c`)
    assert.strictEqual(redactString(`a&${name}=x y`), `a&${name}=${mask} y`)
    assert.strictEqual(redactString(`a;${name}=x`), `a;${name}=${mask}`)
  })

  it("with another name is not redacted", () => {
    const value = {
      tokens: "x",
      mytoken: "y",
      token: null,
      a: { token: { b: "c" } },
      password: { x: 1 },
      n: 1,
      t: true
    }
    assert.deepStrictEqual(redactValue(value), value)
    for (const text of ["{\"tokens\":\"x\"}", "mytoken=x", "/token=x", "token: x", "{\"token\":5}"]) {
      assert.strictEqual(redactString(text), text)
    }
  })

  it("is redacted inside of strings and names too", () => {
    assert.deepStrictEqual(redactValue({ "a?token=x": ["b&password=y"] }), {
      [`a?token=${mask}`]: [`b&password=${mask}`]
    })
  })

  it("that is a list of secrets is redacted as a whole", () => {
    assert.deepStrictEqual(redactValue({ token: ["a", "b"] }), { token: mask })
  })
})

describe("a string without secrets", () => {
  it.each([
    "hello",
    "a long-text_without/anything+that=is:secret.at~all",
    "100% of it, \\u0041 \\ \\\\ %zz %41",
    "{\"a\":\"b\"}",
    ""
  ])("is unchanged: %j", (text) => {
    assert.strictEqual(make().redact(text), text)
  })
})

describe("the authorization header", () => {
  it.each([
    [undefined, null],
    ["Bearer abc", "Bearer [redacted]"],
    ["bearer  abc", "bearer [redacted]"],
    ["Basic abc", "Basic [redacted]"],
    ["Bearer", "Bearer [redacted]"],
    ["abc", "[redacted]"],
    ["Bearer\tabc", "[redacted]"],
    ["Bearer:abc", "[redacted]"],
    ["abc def", "[redacted]"],
    ["DPoP abc", "DPoP [redacted]"],
    ["digest abc", "digest [redacted]"],
    ["x Bearer abc", "[redacted]"],
    ["", "[redacted]"]
  ])("%j is logged as %j", (header, expected) => {
    assert.strictEqual(redactAuthorization(header), expected)
  })
})

describe("the wire log of a backend", () => {
  const logged = ({ backend: { wireLog } }: TestBackend["Service"], text: string) => {
    wireLog.enable(true)
    wireLog.add({ on: "response", exchange: 1, status: 200, body: `<${text}>`, fault: null })
    const [line = ""] = wireLog.lines()
    wireLog.clear()
    return String(JSON.parse(line).body)
  }

  it.effect("has neither the API token of the project nor its credentials", () =>
    withBackend((test) =>
      Effect.sync(() => {
        const { apiToken, projectId } = test.backend.identity
        for (
          const text of [apiToken, ...[apiToken, `${projectId}:${apiToken}`, `${apiToken}:${projectId}`].map(btoa)]
        ) {
          // less than 16 characters may be left of one that begins like another
          assert.match(logged(test, text), /^<\[redacted\].{0,15}>$/)
        }
      })
    ))

  it.effect("has no part of a token, until that is removed", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* test.addSubscriber("ada")
      const { token } = yield* test.backend.mint(ada.id, { ttlSeconds: 1 })
      const part = token.slice(-60)
      assert.strictEqual(logged(test, part), "<[redacted]>")
      yield* TestClock.adjust("1 hour")
      yield* test.backend.mint(ada.id)
      assert.strictEqual(logged(test, part), `<${part}>`)
    })))
})
