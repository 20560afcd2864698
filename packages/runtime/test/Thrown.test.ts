import * as Thrown from "@effect-signalwire/runtime/Thrown"
import { assert, describe, it } from "@effect/vitest"

const throws = (name: string) =>
  Object.defineProperty(new Error("x"), name, {
    get: () => {
      throw new Error("not to be read")
    }
  })
const unreadable = "an error that can't be read"

describe("what was thrown", () => {
  it.each<[unknown, string]>([
    [new Error("broken"), "broken"],
    ["words", "words"],
    [undefined, "undefined"],
    [Object.assign(new Error("x"), { message: 5 }), "5"],
    [throws("message"), unreadable],
    [Object.create(null), unreadable]
  ])("says something, whatever it is: %#", (thrown, message) => {
    assert.strictEqual(Thrown.messageOf(thrown), message)
  })
  it("has a place where it was thrown, or none, and can be read in any case", () => {
    assert.include(Thrown.stackOf(new Error("broken")), "broken")
    assert.strictEqual(Thrown.stackOf(throws("stack")), unreadable)
    assert.strictEqual(Thrown.stackOf(Object.create(null)), unreadable)
  })
  it("has an error's message only where it is an error", () => {
    assert.strictEqual(Thrown.errorMessageOf(new Error("broken")), "broken")
    assert.strictEqual(Thrown.errorMessageOf(throws("message")), unreadable)
    assert.isUndefined(Thrown.errorMessageOf("words"))
  })
  it("is final only where it can be read to say so", () => {
    assert.isTrue(Thrown.isFinal({ isRetryable: false }))
    assert.isFalse(Thrown.isFinal({ isRetryable: true }))
    assert.isFalse(Thrown.isFinal(throws("isRetryable")))
    assert.isFalse(Thrown.isFinal(undefined))
  })
})
