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
])("P6.1: takes a token out of a text that quotes it %s", (_, text, redacted) => {
  assert.strictEqual(Token.redact(text, secret), redacted)
})

it("takes out a short token too, and leaves a text as it is where there is none", () => {
  assert.deepStrictEqual([Token.redact("bad t1", "t1"), Token.redact("bad t1", "")], ["bad <redacted>", "bad t1"])
})

const unusable: ReadonlyArray<readonly [unknown, RegExp]> = [
  [undefined, /must be a subscriber access token, which is a non-empty string/],
  [null, /non-empty string/],
  [42, /non-empty string/],
  ["", /non-empty string/],
  [" \n", /non-empty string/],
  ["undefined", /is the word "undefined": the variable that it was read from has no value/],
  ["null", /is the word "null"/],
  ["Bearer s3cret", /must be the token alone, without "Bearer" before it/],
  ["bearer\ts3cret", /without "Bearer"/],
  ["s3cret\n", /has characters that no HTTP header may carry/],
  ["s3 cret", /no HTTP header may carry/],
  ["s3cret-🔑", /no HTTP header may carry/],
  ["\u00a0s3cret", /no HTTP header may carry/]
]

it.each(unusable)("P9.2: refuses the token %j by name, and does not repeat it", (token, message) => {
  for (const checked of [Token.check(token), Token.checkRedacted(Redacted.make(token))]) {
    const invalid = failureOf(checked)
    assert.deepStrictEqual(invalid.errors.map(({ attribute }) => attribute), ["token"])
    assert.match(invalid.message, message)
    assert.notMatch(invalid.message, /s3/)
  }
})

it("says where a token comes from that can't be one", () => {
  assert.match(failureOf(Token.check("a b", "SIGNALWIRE_TOKEN")).message, /token: SIGNALWIRE_TOKEN has characters/)
})

it("P9.2: refuses a token that is not redacted where it must be", () => {
  assert.strictEqual(
    failureOf(Token.checkRedacted("s3cret")).message,
    "invalid input: token: must be a Redacted: give Redacted.make(token)"
  )
})

it.each(["s3cret", "Bearers3cret", "eyJhbGciOiJkaXIifQ..iv.ciphertext.tag"])("takes the token %j", (token) => {
  assert.strictEqual(Result.getOrThrow(Token.check(token)), token)
  assert.strictEqual(Result.getOrThrow(Token.checkRedacted(Redacted.make(token))), token)
})
