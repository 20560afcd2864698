/** Stack traces, from which the frames of Effect and of these packages are removed. */
import { assert, describe, it } from "vitest"
import { framesOf, isInternalFrame, setFrames, trimStack } from "../src/internal/stackTrace.ts"

const own = "    at main (/app/src/main.ts:1:2)"
const internal = "    at FiberImpl.runLoop (/app/x.js:1:2)"

/** An error with these lines as its stack, after its message. */
const errorOf = (message: string, frames: ReadonlyArray<string>, cause?: unknown): Error => {
  const error = new Error(message, cause === undefined ? undefined : { cause })
  error.stack = [`Error: ${message}`, ...frames].join("\n")
  return error
}

describe("a frame", () => {
  it.each([
    ["    at run (/app/node_modules/effect/dist/Effect.js:1:2)", true],
    ["    at run (C:\\app\\node_modules\\effect\\src\\Effect.ts:1:2)", true],
    ["    at run (/app/node_modules/@effect-signalwire/promise/dist/index.js:1:2)", true],
    ["    at run (C:\\app\\node_modules\\@effect-signalwire\\promise\\src\\index.ts:1:2)", true],
    ["    at ~effect/Effect/successCont (/app/bundle.js:1:2)", true],
    [internal, true],
    [own, false],
    ["    at run (/app/effect/lib/main.js:1:2)", false],
    ["    at run (/app/my-effect/src/main.js:1:2)", false],
    ["    at run (/app/@effect-signalwire/main.js:1:2)", false],
    ["    at run (/app/node_modules/effects/src/main.js:1:2)", false]
  ])("belongs to Effect or to these packages: %s, %s", (line, expected) => {
    assert.strictEqual(isInternalFrame(line), expected)
  })
})

describe("the frames of an error", () => {
  it("follow its message, which may have several lines", () => {
    assert.deepStrictEqual(framesOf(errorOf("one\ntwo", [own, "", "   ", internal])), [own, internal])
  })

  it("are all of its stack if that has no message", () => {
    const error = new Error("message")
    error.stack = `${own}\n${internal}`
    assert.deepStrictEqual(framesOf(error), [own, internal])
  })

  it("are none without a stack", () => {
    const error = new Error("message")
    Reflect.deleteProperty(error, "stack")
    Reflect.defineProperty(error, "stack", { value: undefined })
    assert.deepStrictEqual(framesOf(error), [])
  })

  it("can be replaced, and then still be changed", () => {
    const error = errorOf("message", [internal])
    setFrames(error, [own])
    assert.strictEqual(error.stack, `Error: message\n${own}`)
    error.stack = "other"
    assert.strictEqual(error.stack, "other")
    assert.isTrue(Reflect.deleteProperty(error, "stack"))
  })

  it("of a frozen error stay as they are", () => {
    const error = Object.freeze(errorOf("message", [internal]))
    setFrames(error, [own])
    assert.deepStrictEqual(framesOf(error), [internal])
  })
})

describe("trimming", () => {
  it("removes internal frames from an error and from its causes", () => {
    const root = errorOf("root", [internal, own])
    const error = errorOf("message", [own, internal], errorOf("between", [own], root))
    assert.strictEqual(trimStack(error), error)
    assert.strictEqual(error.stack, `Error: message\n${own}`)
    assert.strictEqual(root.stack, `Error: root\n${own}`)
  })

  it("leaves a stack without internal frames exactly as it is", () => {
    const error = errorOf("message", [own, "", own])
    const { stack } = error
    trimStack(error)
    assert.strictEqual(error.stack, stack)
  })

  it("ends for errors that cause each other", () => {
    const [first, second] = [errorOf("first", [internal]), errorOf("second", [internal])]
    first.cause = second
    second.cause = first
    trimStack(first)
    assert.deepStrictEqual([first.stack, second.stack], ["Error: first", "Error: second"])
  })

  it.each([["text"], [undefined], [null], [{ stack: internal }]])("returns what is no error: %j", (value) => {
    assert.strictEqual(trimStack(value), value)
  })

  it("returns an error whose stack cannot be read", () => {
    const error = new Error("message")
    Reflect.defineProperty(error, "stack", {
      get: () => {
        throw new Error("no stack")
      }
    })
    assert.strictEqual(trimStack(error), error)
    const odd = new Error("odd")
    Reflect.defineProperty(odd, "stack", { value: 5 })
    assert.strictEqual(trimStack(odd), odd)
  })
})
