/** Public methods: the errors that leave them, and the iterators that they return. */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import { invalidParameter } from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "vitest"
import { asyncMethod, iterableMethod, iteratorMethod, syncMethod } from "../src/internal/publicMethod.ts"
import { collect, rejection } from "./support.ts"

const reason = invalidParameter("limit", "must be positive")
const makeError = (more: { readonly stored?: "no" | "unknown"; readonly cause?: unknown } = {}) =>
  new ConversationError({ method: "inner", reason, ...more })

/** What the caller sees of an error. */
const seen = (error: unknown) =>
  error instanceof ConversationError
    ? { method: error.method, stored: error.stored, cause: error.cause, isSameReason: error.reason === reason }
    : error

const throwing = (call: () => unknown): unknown => {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error("nothing was thrown")
}

const internalFrame = "    at FiberImpl.runLoop (/app/x.js:1:2)"

describe("a public method", () => {
  it("returns what its body returns for its arguments", async () => {
    const add = asyncMethod("add", async (_, a: number, b: number) => a + b)
    assert.strictEqual(await add(1, 2), 3)
    assert.strictEqual(syncMethod("subtract", (a: number, b: number) => a - b)(1, 2), -1)
  })

  it("P9.1: names itself in the error, which keeps its reason, and what it says of the message", async () => {
    const cause = new Error("cause")
    const expected = { method: "outer", stored: "unknown", cause, isSameReason: true }
    const fail = () => {
      throw makeError({ stored: "unknown", cause })
    }
    assert.deepStrictEqual(seen(await rejection(asyncMethod("outer", async () => fail())())), expected)
    assert.deepStrictEqual(seen(throwing(syncMethod("outer", fail))), expected)
    const bare = throwing(syncMethod("outer", () => {
      throw makeError()
    }))
    assert.deepStrictEqual(seen(bare), { method: "outer", stored: undefined, cause: undefined, isSameReason: true })
    assert.notProperty(bare, "stored")
    assert.notProperty(bare, "cause")
  })

  it("P9.1: leaves other errors unchanged", async () => {
    const error = new Error("mine")
    assert.strictEqual(await rejection(asyncMethod("outer", async () => Promise.reject(error))()), error)
    assert.strictEqual(
      throwing(syncMethod("outer", () => {
        throw error
      })),
      error
    )
  })

  it("P9.1: begins the stack where it was called, without the stack of the reason, or internal frames in the cause", () => {
    const cause = new Error("cause")
    cause.stack = `Error: cause\n${internalFrame}`
    const outer = syncMethod("outer", () => {
      throw makeError({ cause })
    })
    const callHere = () => outer()
    const error = throwing(callHere)
    if (!(error instanceof ConversationError)) throw error
    const [, first = ""] = (error.stack ?? "").slice(String(error).length).split("\n")
    assert.include(first, "callHere")
    assert.strictEqual(cause.stack, "Error: cause")
    assert.strictEqual(error.reason.stack, String(error.reason))
  })

  it("gives its body the function that makes such errors", async () => {
    const mapped = await asyncMethod("outer", async (mapError) => [mapError(makeError()), mapError("text")])()
    assert.deepStrictEqual([seen(mapped[0]), mapped[1]], [
      { method: "outer", stored: undefined, cause: undefined, isSameReason: true },
      "text"
    ])
  })
})

describe("a method that returns an iterable", () => {
  const iteratorOf = (...items: ReadonlyArray<number>): AsyncIterator<number, undefined> => {
    const iterator = items.values()
    return {
      next: async () => {
        const step = iterator.next()
        return step.done === true ? { done: true, value: undefined } : step
      }
    }
  }

  it("reads its arguments once, and makes an iterator for each iteration", async () => {
    let [reads, iterators] = [0, 0]
    const numbers = iterableMethod("numbers", (_, ...items: ReadonlyArray<number>) => {
      reads++
      return () => {
        iterators++
        return iteratorOf(...items)
      }
    })
    const iterable = numbers(1, 2)
    assert.deepStrictEqual([reads, iterators], [1, 0])
    assert.deepStrictEqual([await collect(iterable), await collect(iterable)], [[1, 2], [1, 2]])
    assert.deepStrictEqual([reads, iterators], [1, 2])
  })

  it("P9.1: fails the iteration, not the call, if an argument is invalid", () => {
    const fail = () => {
      throw makeError()
    }
    for (const method of [iterableMethod("outer", fail), iterableMethod("outer", () => fail)]) {
      const iterable = method()
      const error = throwing(() => iterable[Symbol.asyncIterator]())
      assert.deepInclude(seen(error), { method: "outer", isSameReason: true })
    }
  })

  it("passes errors of the iteration on through its own function", () => {
    const method = iterableMethod("outer", (mapError) => () => {
      throw mapError(makeError())
    })
    assert.deepInclude(seen(throwing(() => method()[Symbol.asyncIterator]())), { method: "outer" })
  })
})

describe("an iterator of a public object", () => {
  it("P9.1: names its method in errors of next and return, and passes on what is thrown into it", async () => {
    const error = new Error("mine")
    const calls: Array<unknown> = []
    const items = iteratorMethod<number>("page", () => ({
      next: () => Promise.reject(makeError()),
      return: (value: unknown) => {
        calls.push(value)
        return Promise.reject(makeError())
      },
      throw: (thrown: unknown) => Promise.reject(thrown)
    }))()
    assert.deepInclude(seen(await rejection(items.next())), { method: "page" })
    assert.deepInclude(seen(await rejection(Promise.resolve(items.return?.("value")))), { method: "page" })
    assert.deepStrictEqual(calls, ["value"])
    assert.strictEqual(await rejection(Promise.resolve(items.throw?.(error))), error)
  })

  it("P7.2: may be ended although the one behind it cannot", async () => {
    const items = iteratorMethod<number>("page", () => ({ next: async () => ({ done: false, value: 1 }) }))()
    const error = new Error("mine")
    assert.deepStrictEqual(await items.next(), { done: false, value: 1 })
    assert.deepStrictEqual<unknown>(await items.return?.("value"), { done: true, value: "value" })
    assert.strictEqual(await rejection(Promise.resolve(items.throw?.(error))), error)
  })
})
