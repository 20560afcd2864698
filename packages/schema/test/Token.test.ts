import * as Token from "@effect-signalwire/schema/Token"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { failureOf, valueOf } from "./support.ts"

it("decodes the header of a token", () => {
  // {"alg":"dir","enc":"A256GCM","ch":"puc.signalwire.com","typ":"SAT"}
  const header = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwiY2giOiJwdWMuc2lnbmFsd2lyZS5jb20iLCJ0eXAiOiJTQVQifQ"
  assert.deepStrictEqual(valueOf(Token.decodeHeader(`${header}..iv.ciphertext.tag`)), {
    alg: "dir",
    enc: "A256GCM",
    ch: "puc.signalwire.com",
    typ: "SAT"
  })
})

it("ignores unknown header fields", () => {
  const token = `${Buffer.from(`{"kid":"k","zip":"DEF","ch":"a.test"}`).toString("base64url")}..a.b.c`
  assert.deepStrictEqual(valueOf(Token.decodeHeader(token)), { ch: "a.test" })
})

it("encodes a token as five parts, of which the second is empty", () => {
  const token = Token.encode({ ch: "a.test", typ: "SAT" }, ["iv", "ciphertext", "tag"])
  assert.deepStrictEqual(token.split(".").slice(1), ["", "iv", "ciphertext", "tag"])
})

it.each(["", "*", btoa("[]"), btoa("not JSON")])(
  "fails for %j, which has no header",
  (token) => {
    assert.isString(failureOf(Token.decodeHeader(token)).message)
  }
)

it("does not include an unreadable token in the failure", () => {
  const { message, path } = failureOf(Token.decodeHeader(`${btoa("s3cret")}.s3cret`))
  assert.notInclude(message + path, "s3cret")
})

it.effect.prop(
  "round-trips the header",
  { ch: Schema.String, typ: Schema.String },
  ({ ch, typ }) =>
    Effect.sync(() => {
      const header = { alg: "dir", enc: "A256GCM", ch, typ }
      assert.deepStrictEqual(valueOf(Token.decodeHeader(Token.encode(header, ["a", "b", "c"]))), header)
    })
)

it.each([
  ["no base64url", "*", "header", "not base64url"],
  ["no JSON", btoa("not JSON"), "", "not JSON"],
  ["empty", "", "", "not JSON"],
  ["a host that is no string", Buffer.from("{\"ch\":7}").toString("base64url"), "ch", "Expected string | null"]
])("reports what is wrong with a header: it is or has %s", (_, header, path, message) => {
  assert.deepStrictEqual(failureOf(Token.decodeHeader(`${header}..a.b.c`)), { path, message })
})
