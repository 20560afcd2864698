import { assert, describe, it } from "vitest"
import { childController } from "../src/internal/abortController.ts"

/** A controller, and the number of listeners of its signal. */
const start = () => {
  const controller = new AbortController()
  const { signal } = controller
  let listeners = 0
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++
    addEventListener.apply(signal, args)
  }
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--
    removeEventListener.apply(signal, args)
  }
  return { controller, signal, listeners: () => listeners }
}

describe("a child controller", () => {
  it("is aborted with its parent", () => {
    const { controller, signal } = start()
    const child = childController(signal)
    assert.isFalse(child.signal.aborted)
    controller.abort()
    assert.isTrue(child.signal.aborted)
  })

  it("is aborted from the beginning if its parent is", () => {
    assert.isTrue(childController(AbortSignal.abort()).signal.aborted)
  })

  it("P7.2: is aborted without its parent, of which it then has no listener", () => {
    const { listeners, signal } = start()
    const child = childController(signal)
    assert.strictEqual(listeners(), 1)
    child.abort()
    assert.deepStrictEqual([child.signal.aborted, signal.aborted, listeners()], [true, false, 0])
  })
})
