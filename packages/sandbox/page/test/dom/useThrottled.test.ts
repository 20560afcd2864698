import { act, renderHook } from "@testing-library/react"
import { afterEach, assert, beforeEach, describe, it, vi } from "vitest"
import { useThrottled } from "../../src/useThrottled.ts"

describe("a throttled value", () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it("changes once in an interval, and is the latest value in the end", async () => {
    const shown: Array<number> = []
    const { rerender, unmount } = renderHook(({ value }) => {
      shown.push(useThrottled(value, 100))
    }, { initialProps: { value: 0 } })
    for (let value = 1; value <= 30; value++) {
      await act(() => vi.advanceTimersByTimeAsync(10))
      rerender({ value })
    }
    await act(() => vi.advanceTimersByTimeAsync(100))
    assert.deepStrictEqual([...new Set(shown)], [0, 9, 19, 29, 30])
    unmount()
  })
})
