import * as Token from "@effect-signalwire/runtime/Token"
import { assert, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { failureOf } from "./support.ts"

const secret = "eyJhbGciOiJkaXIifQ..iviviviv.ciphertextciphertext.tagtagtag"

it.each([
  ["whole", secret, "<redacted>"],
  ["twice", `${secret} and ${secret}`, "<redacted> and <redacted>"],
  ["without its end", `bad ${secret.slice(0, 30)}!`, "bad <redacted>!"],
  ["without its beginning", `bad ${secret.slice(-20)}`, "bad <redacted>"],
  ["cut in two", `${secret.slice(0, 25)} ${secret.slice(25)}`, "<redacted> <redacted>"],
  ["not at all", "the tagtagtag of a token", "the tagtagtag of a token"]
])("P6.1: redacts a token that a string contains %s", (_, input, redacted) => {
  assert.strictEqual(Token.redact(input, secret), redacted)
})

it("P6.1: redacts a part of a token from 16 characters on", () => {
  const parts = [secret.slice(3, 18), secret.slice(3, 19)]
  assert.deepStrictEqual(parts.map((part) => Token.redact(`(${part})`, secret)), [`(${parts[0]})`, "(<redacted>)"])
})

it("redacts a short token, and returns the string unchanged for an empty token", () => {
  assert.deepStrictEqual([Token.redact("bad t1", "t1"), Token.redact("bad t1", "")], ["bad <redacted>", "bad t1"])
})

const unusable: ReadonlyArray<readonly [unknown, RegExp]> = [
  [undefined, /must be a subscriber access token, which is a non-empty string/],
  [null, /non-empty string/],
  [42, /non-empty string/],
  ["", /non-empty string/],
  [" \n", /non-empty string/],
  ["undefined", /is the string "undefined": the variable that it was read from has no value/],
  ["null", /is the string "null"/],
  ["Bearer s3cret", /must be the token alone, without "Bearer" before it/],
  ["bearer\ts3cret", /without "Bearer"/],
  ["Bearer", /without "Bearer"/],
  ["s3cret\n", /has characters that are not allowed in an HTTP header/],
  ["s3 cret", /not allowed in an HTTP header/],
  ["s3cret-🔑", /not allowed in an HTTP header/],
  ["\u00a0s3cret", /not allowed in an HTTP header/]
]

it.each(unusable)("P9.2: refuses the token %j, and does not quote it", (token, message) => {
  for (const checked of [Token.check(token), Token.checkRedacted(Redacted.make(token))]) {
    const invalid = failureOf(checked)
    assert.deepStrictEqual(invalid.errors.map(({ attribute }) => attribute), ["token"])
    assert.match(invalid.message, message)
    assert.notMatch(invalid.message, /s3/)
  }
})

it("P6.1: redacts a part of a token with which a string ends", () => {
  assert.strictEqual(Token.redact(`bad ${secret.slice(3, 19)}`, secret), "bad <redacted>")
})

it("includes the source of an invalid token in the message", () => {
  assert.match(failureOf(Token.check("a b")).message, /token: has characters/)
  assert.match(failureOf(Token.check("a b", "SIGNALWIRE_TOKEN")).message, /token: SIGNALWIRE_TOKEN has characters/)
})

it("P9.2: refuses a token that is not Redacted where a Redacted is required", () => {
  assert.strictEqual(
    failureOf(Token.checkRedacted("s3cret")).message,
    "invalid input: token: must be a Redacted: use Redacted.make(token)"
  )
})

it.each(["s3cret", "Bearers3cret", "a-bearer", "eyJhbGciOiJkaXIifQ..iv.ciphertext.tag"])(
  "accepts the token %j",
  (token) => {
    assert.strictEqual(Result.getOrThrow(Token.check(token)), token)
    assert.strictEqual(Result.getOrThrow(Token.checkRedacted(Redacted.make(token))), token)
  }
)
