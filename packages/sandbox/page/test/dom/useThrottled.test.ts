import { createElement } from "react"
import { flushSync } from "react-dom"
import { createRoot } from "react-dom/client"
import { afterEach, assert, beforeEach, describe, it, vi } from "vitest"
import { useThrottled } from "../../src/useThrottled.ts"

describe("a throttled value", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it("changes once in an interval, and is the latest value in the end", async () => {
    const shown = new Set<number>()
    const Component = ({ value }: { readonly value: number }) => {
      shown.add(useThrottled(value, 100))
      return null
    }
    const root = createRoot(document.createElement("div"))
    const render = (value: number) => flushSync(() => root.render(createElement(Component, { value })))
    /** Advances the clock, and lets React render and run effects. */
    const advance = async (millis: number) => {
      vi.advanceTimersByTime(millis)
      for (let task = 0; task < 3; task++) await new Promise(setImmediate)
    }
    render(0)
    await advance(0)
    for (let value = 1; value <= 30; value++) {
      render(value)
      await advance(10)
    }
    await advance(100)
    assert.deepStrictEqual([...shown], [0, 10, 20, 30])
    root.unmount()
  })
})
