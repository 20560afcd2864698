import { TokenBucket } from "@effect-signalwire/runtime/TokenBucket"
import { assert, describe, it } from "@effect/vitest"

describe("TokenBucket", () => {
  it("has its capacity at once, and then a token for each interval", () => {
    const bucket = new TokenBucket(3, 100)
    assert.deepStrictEqual(Array.from({ length: 5 }, () => bucket.take(1000)), [0, 0, 0, 100, 200])
  })

  it("gains a token for each interval that passes, up to its capacity", () => {
    const bucket = new TokenBucket(2, 100)
    assert.deepStrictEqual([bucket.take(0), bucket.take(0)], [0, 0])
    assert.deepStrictEqual([bucket.take(100), bucket.take(100)], [0, 100])
    assert.deepStrictEqual([10_000, 10_000, 10_000].map((now) => bucket.take(now)), [0, 0, 100])
  })

  it("has a token again that was put back", () => {
    const bucket = new TokenBucket(1, 100)
    assert.deepStrictEqual([bucket.take(0), bucket.take(0)], [0, 100])
    bucket.putBack()
    assert.strictEqual(bucket.take(0), 100)
  })
})
