import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { redactAuthorization } from "../src/internal/redaction.ts"
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
