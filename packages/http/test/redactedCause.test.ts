import { assert, describe, it } from "@effect/vitest"
import { inspect } from "node:util"
import { redactCause, rootMessage } from "../src/internal/redactedCause.ts"

it("P6.1: redacts a part of the token in the cause of an error", () => {
  const secret = "eyJhbGciOiJkaXIifQ..iviviviv.ciphertextciphertext.tagtagtag"
  const error = new TypeError("failed", { cause: new Error(`proxy: ${secret.slice(0, 40)}`) })
  const output = inspect(redactCause(error, secret), { depth: 8, showHidden: true })
  assert.include(output, "proxy: <redacted>")
  assert.notInclude(output, secret.slice(0, 40))
})

describe("the cause of an error", () => {
  const secret = "token-1"

  it("is the error itself if nothing in it contains the token", () => {
    const error = Object.assign(new TypeError("failed", { cause: new Error("reset") }), {
      code: "ECONNRESET",
      details: { attempts: [1, 2], agent: null }
    })
    assert.strictEqual(redactCause(error, secret), error)
    assert.strictEqual(redactCause(new Error(secret), "")?.message, secret)
  })

  it.each([
    ["a message", new Error(`no ${secret}`)],
    ["a property", Object.assign(new Error("no"), { header: `Bearer ${secret}` })],
    ["a nested property", Object.assign(new Error("no"), { request: { headers: [`Bearer ${secret}`] } })],
    ["a symbol", Object.assign(new Error("no"), { [Symbol("header")]: secret })],
    ["an object that is not plain", Object.assign(new Error("no"), { headers: new Map() })],
    ["a function", Object.assign(new Error("no"), { headers: () => secret })],
    ["a cause", new Error("no", { cause: new Error(secret) })]
  ])("P6.1: is a copy without %s that contains the token, or may contain it", (_, error) => {
    const copy = redactCause(error, secret)
    assert.notStrictEqual(copy, error)
    assert.notInclude(inspect(copy, { depth: 8, showHidden: true }), secret)
    assert.deepStrictEqual([copy?.name, copy?.message.startsWith("no")], ["Error", true])
  })

  it("P6.1: is copied with its name, its stack and eight of its causes", () => {
    const nested = (depth: number): Error =>
      depth === 0 ? new Error(secret) : new Error(`${depth}`, { cause: nested(depth - 1) })
    const error = nested(9)
    error.name = `Error of ${secret}`
    const copy = redactCause(error, secret)
    assert.strictEqual(copy?.name, "Error of <redacted>")
    assert.strictEqual(copy?.stack, error.stack?.replace(secret, "<redacted>"))
    const messages: Array<string> = []
    for (let each: unknown = copy; each instanceof Error; each = each.cause) messages.push(each.message)
    assert.deepStrictEqual(messages, ["9", "8", "7", "6", "5", "4", "3", "2", "1"])
  })

  it("is undefined for what is not an error, and for one that throws when it is read", () => {
    const throwing = Object.defineProperty(new Error("no"), "message", {
      get: () => {
        throw new Error("unreadable")
      }
    })
    assert.deepStrictEqual(["no", null, { message: "no" }, throwing].map((error) => redactCause(error, secret)), [
      undefined,
      undefined,
      undefined,
      undefined
    ])
  })

  it("has the message of the innermost cause", () => {
    assert.strictEqual(rootMessage(new Error("outer", { cause: new Error("inner", { cause: "text" }) })), "inner")
    assert.deepStrictEqual([undefined, new Error("")].map(rootMessage), ["no response", "no response"])
  })
})

describe("P6.1: a copy of an error", () => {
  it("has a cause only if the error has one", () => {
    const copy = redactCause(new Error("bad token-1"), "token-1")
    assert.strictEqual(copy?.message, "bad <redacted>")
    assert.isFalse(Object.hasOwn(copy ?? {}, "cause"))
  })

  it("ends, although an error is its own cause", () => {
    const error = new Error("bad token-1")
    error.cause = error
    assert.strictEqual(redactCause(error, "token-1")?.message, "bad <redacted>")
    assert.strictEqual(rootMessage(error), "bad token-1")
  })
})
