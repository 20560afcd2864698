import { assert, describe, it } from "vitest"
import { makeCountingSignal } from "../../promise/test/countingSignal.ts"
import { childController } from "../src/internal/abortController.ts"

describe("a child controller", () => {
  it("is aborted with its parent", () => {
    const { controller, signal } = makeCountingSignal()
    const child = childController(signal)
    assert.isFalse(child.signal.aborted)
    controller.abort()
    assert.isTrue(child.signal.aborted)
  })

  it("is aborted from the beginning if its parent is", () => {
    assert.isTrue(childController(AbortSignal.abort()).signal.aborted)
  })

  it("P7.2: is aborted without its parent, of which it then has no listener", () => {
    const { listeners, signal } = makeCountingSignal()
    const child = childController(signal)
    assert.strictEqual(listeners(), 1)
    child.abort()
    assert.deepStrictEqual([child.signal.aborted, signal.aborted, listeners()], [true, false, 0])
  })
})
