import { assert, describe, it, vi } from "vitest"
import * as KeepAlive from "../src/internal/keepAlive.ts"

/** A `KeepAlive` with a reference and fake timers. */
const start = (capacity = 5) => {
  vi.useFakeTimers()
  const keepAlive = KeepAlive.make(capacity)
  const released: Array<string> = []
  return {
    released,
    release: keepAlive.retain(),
    retain: keepAlive.retain,
    keep: (name: string, millis = 30_000) => keepAlive.keep(millis)(() => void released.push(name)),
    [Symbol.dispose]: () => void vi.useRealTimers()
  }
}

describe("an unused resource", () => {
  it("is kept for its time, and then released once", () => {
    using kept = start()
    kept.keep("room")
    vi.advanceTimersByTime(29_999)
    assert.deepStrictEqual(kept.released, [])
    vi.advanceTimersByTime(60_000)
    assert.deepStrictEqual(kept.released, ["room"])
  })

  it("is kept for longer than a timer can run", () => {
    using kept = start()
    kept.keep("room", Infinity)
    vi.advanceTimersByTime(86_400_000)
    assert.deepStrictEqual(kept.released, [])
  })

  it("is not released when it is used again", () => {
    using kept = start()
    kept.keep("room")()
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("is released early when too many are kept, the oldest first", () => {
    using kept = start(2)
    kept.keep("first")
    const cancel = kept.keep("second")
    cancel()
    kept.keep("third")
    assert.deepStrictEqual(kept.released, [])
    kept.keep("fourth")
    kept.keep("fifth")
    assert.deepStrictEqual(kept.released, ["first", "third"])
  })

  it("is released at once when its time is zero, or without a reference", async () => {
    using kept = start()
    kept.keep("zero", 0)
    kept.keep("none", Number.NaN)
    assert.deepStrictEqual(kept.released, ["zero", "none"])
    kept.release()
    await Promise.resolve()
    kept.keep("late")
    assert.deepStrictEqual(kept.released, ["zero", "none", "late"])
  })

  it("is released at once before there is a reference", () => {
    const released: Array<string> = []
    KeepAlive.make(5).keep(30_000)(() => void released.push("room"))
    assert.deepStrictEqual(released, ["room"])
  })

  it("P7.2: is released with the last reference, and leaves no timer", async () => {
    using kept = start()
    kept.keep("one")
    kept.keep("another", Number.POSITIVE_INFINITY)
    kept.release()
    await Promise.resolve()
    assert.deepStrictEqual(kept.released, ["one", "another"])
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("stays when the reference is released and acquired again in one task, as in strict mode", async () => {
    using kept = start()
    kept.keep("room")
    kept.release()
    kept.retain()
    await Promise.resolve()
    assert.deepStrictEqual(kept.released, [])
  })
})
