import { assert, describe, it } from "vitest"
import * as RefCount from "../src/internal/refCount.ts"

const start = () => {
  const calls: Array<"start" | "stop"> = []
  const acquire = RefCount.make(() => void calls.push("start"), () => void calls.push("stop"))
  return { calls, acquire }
}

describe("a resource with a reference count", () => {
  it("starts with the first reference, and stops a microtask after the last one was released", async () => {
    const { acquire, calls } = start()
    const releases = [acquire(), acquire()]
    releases[0]?.()
    await Promise.resolve()
    assert.deepStrictEqual(calls, ["start"])
    releases[1]?.()
    assert.deepStrictEqual(calls, ["start"])
    await Promise.resolve()
    assert.deepStrictEqual(calls, ["start", "stop"])
  })

  it("counts each reference as released once", async () => {
    const { acquire, calls } = start()
    const release = acquire()
    acquire()
    release()
    release()
    await Promise.resolve()
    assert.deepStrictEqual(calls, ["start"])
  })

  it("continues when it is acquired again before the microtask, and then stops once", async () => {
    const { acquire, calls } = start()
    acquire()()
    const release = acquire()
    await Promise.resolve()
    assert.deepStrictEqual(calls, ["start"])
    release()
    acquire()()
    await Promise.resolve()
    assert.deepStrictEqual(calls, ["start", "stop"])
  })

  it("starts again after it has stopped", async () => {
    const { acquire, calls } = start()
    acquire()()
    await Promise.resolve()
    acquire()
    assert.deepStrictEqual(calls, ["start", "stop", "start"])
  })
})
