import * as Thrown from "@effect-signalwire/runtime/Thrown"
import { assert, describe, it } from "@effect/vitest"

const throws = (name: string) =>
  Object.defineProperty(new Error("x"), name, {
    get: () => {
      throw new Error("not readable")
    }
  })
const unreadable = "an error that can't be read"

describe("a thrown value", () => {
  it.each<[unknown, string]>([
    [new Error("broken"), "broken"],
    ["a string", "a string"],
    [undefined, "undefined"],
    [Object.assign(new Error("x"), { message: 5 }), "5"],
    [throws("message"), unreadable],
    [Object.create(null), unreadable]
  ])("has a message, whatever it is: %#", (thrown, message) => {
    assert.strictEqual(Thrown.messageOf(thrown), message)
  })
  it("has a stack, or a string in its place", () => {
    assert.include(Thrown.stackOf(new Error("broken")), "broken")
    assert.strictEqual(Thrown.stackOf(throws("stack")), unreadable)
    assert.strictEqual(Thrown.stackOf(Object.create(null)), unreadable)
  })
  it("has an error message only if it is an Error", () => {
    assert.strictEqual(Thrown.errorMessageOf(new Error("broken")), "broken")
    assert.strictEqual(Thrown.errorMessageOf(throws("message")), unreadable)
    assert.isUndefined(Thrown.errorMessageOf("a string"))
  })
  it("is not retryable only if its isRetryable can be read and is false", () => {
    assert.isTrue(Thrown.isNotRetryable({ isRetryable: false }))
    assert.isFalse(Thrown.isNotRetryable({ isRetryable: true }))
    assert.isFalse(Thrown.isNotRetryable(throws("isRetryable")))
    assert.isFalse(Thrown.isNotRetryable(undefined))
  })
})
