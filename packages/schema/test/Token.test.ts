import * as Token from "@effect-signalwire/schema/Token"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { problemOf, valueOf } from "./support.ts"

it("reads the header of a token", () => {
  // {"alg":"dir","enc":"A256GCM","ch":"puc.signalwire.com","typ":"SAT"}
  const header = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwiY2giOiJwdWMuc2lnbmFsd2lyZS5jb20iLCJ0eXAiOiJTQVQifQ"
  assert.deepStrictEqual(valueOf(Token.decodeHeader(`${header}..iv.ciphertext.tag`)), {
    alg: "dir",
    enc: "A256GCM",
    ch: "puc.signalwire.com",
    typ: "SAT"
  })
})

it("ignores claims that it does not know", () => {
  const token = `${Buffer.from(`{"kid":"k","zip":"DEF","ch":"a.test"}`).toString("base64url")}..a.b.c`
  assert.deepStrictEqual(valueOf(Token.decodeHeader(token)), { ch: "a.test" })
})

it("writes five parts, the second of them empty", () => {
  const token = Token.encode({ ch: "a.test", typ: "SAT" }, ["iv", "ciphertext", "tag"])
  assert.deepStrictEqual(token.split(".").slice(1), ["", "iv", "ciphertext", "tag"])
})

it.each(["", "*", btoa("[]"), btoa("not JSON")])(
  "says that %j has no header",
  (token) => {
    assert.isString(problemOf(Token.decodeHeader(token)).message)
  }
)

it("does not repeat a token that it can't read", () => {
  const { message, path } = problemOf(Token.decodeHeader(`${btoa("s3cret")}.s3cret`))
  assert.notInclude(message + path, "s3cret")
})

it.effect.prop(
  "reads the header that it wrote",
  { ch: Schema.String, typ: Schema.String },
  ({ ch, typ }) =>
    Effect.sync(() => {
      const header = { alg: "dir", enc: "A256GCM", ch, typ }
      assert.deepStrictEqual(valueOf(Token.decodeHeader(Token.encode(header, ["a", "b", "c"]))), header)
    })
)
