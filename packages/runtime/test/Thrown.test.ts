import * as Thrown from "@effect-signalwire/runtime/Thrown"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

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

describe("catchUnexpected", () => {
  const caught = (thrown: unknown) => Effect.succeed(`caught ${Thrown.messageOf(thrown)}`)

  it.effect("handles exceptions and interruptions within the effect, and lets failures pass", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* Thrown.catchUnexpected(Effect.die(new Error("oops")), caught), "caught oops")
      assert.match(yield* Thrown.catchUnexpected(Effect.interrupt, caught), /^caught .*interrupted/)
      assert.strictEqual(yield* Effect.flip(Thrown.catchUnexpected(Effect.fail("no"), caught)), "no")
    }))

  it.effect("does not handle the interruption of its fiber", () =>
    Effect.gen(function*() {
      let isHandled = false
      const effect = Thrown.catchUnexpected(Effect.never, () => Effect.sync(() => isHandled = true))
      const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      assert.isFalse(isHandled)
    }))
})

it("the stack of an error without one is the error as a string", () => {
  assert.strictEqual(Thrown.stackOf(Object.assign(new TypeError("broken"), { stack: undefined })), "TypeError: broken")
  assert.strictEqual(Thrown.stackOf("a string"), "a string")
})

it("a value whose class can't be read counts as an error that can't be read", () => {
  const opaque = new Proxy({}, {
    getPrototypeOf: () => {
      throw new Error("not readable")
    }
  })
  assert.strictEqual(Thrown.errorMessageOf(opaque), unreadable)
})

it.each([null, undefined, "isRetryable", {}, { isRetryable: 0 }, { isRetryable: undefined }])(
  "may be retryable unless its isRetryable is false: %j",
  (thrown) => {
    assert.isFalse(Thrown.isNotRetryable(thrown))
  }
)
