import { assert, describe, it, vi } from "vitest"
import * as Keeping from "../src/internal/keeping.ts"

/** A place to keep things in, with a clock under control, that somebody holds. */
const open = (capacity = 5) => {
  vi.useFakeTimers()
  const keeping = Keeping.make(capacity)
  const ended: Array<string> = []
  return {
    ended,
    letGo: keeping.retain(),
    retain: keeping.retain,
    keep: (name: string, millis = 30_000) => keeping.keep(millis)(() => void ended.push(name)),
    [Symbol.dispose]: () => void vi.useRealTimers()
  }
}

describe("what nobody looks at any more", () => {
  it("is kept for its time, and then ended once", () => {
    using kept = open()
    kept.keep("room")
    vi.advanceTimersByTime(29_999)
    assert.deepStrictEqual(kept.ended, [])
    vi.advanceTimersByTime(60_000)
    assert.deepStrictEqual(kept.ended, ["room"])
  })

  it("is not ended once it was taken back", () => {
    using kept = open()
    kept.keep("room")()
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("makes room for what is left later when there is too much", () => {
    using kept = open(2)
    kept.keep("first")
    const takeBack = kept.keep("second")
    takeBack()
    kept.keep("third")
    assert.deepStrictEqual(kept.ended, [])
    kept.keep("fourth")
    kept.keep("fifth")
    assert.deepStrictEqual(kept.ended, ["first", "third"])
  })

  it("is ended at once where it is to be kept for no time, or nobody holds it", async () => {
    using kept = open()
    kept.keep("zero", 0)
    kept.keep("none", Number.NaN)
    assert.deepStrictEqual(kept.ended, ["zero", "none"])
    kept.letGo()
    await Promise.resolve()
    kept.keep("late")
    assert.deepStrictEqual(kept.ended, ["zero", "none", "late"])
  })

  it("P7.2: is ended, and leaves no timer, when whoever holds it lets go", async () => {
    using kept = open()
    kept.keep("one")
    kept.keep("another", Number.POSITIVE_INFINITY)
    kept.letGo()
    await Promise.resolve()
    assert.deepStrictEqual(kept.ended, ["one", "another"])
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("stays when it is let go of and held again in one go, as in strict mode", async () => {
    using kept = open()
    kept.keep("room")
    kept.letGo()
    kept.retain()
    await Promise.resolve()
    assert.deepStrictEqual(kept.ended, [])
  })
})
