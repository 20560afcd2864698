import { afterEach, assert, describe, it, vi } from "vitest"
import * as Store from "../src/internal/store.ts"

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe("a store", () => {
  it("P5.2: reports what a listener throws, and calls the other ones", () => {
    const reported: Array<unknown> = []
    vi.stubGlobal("reportError", (error: unknown) => void reported.push(error))
    const store = Store.make(0)
    const thrown = new Error("mine")
    const seen: Array<number> = []
    store.subscribe(() => {
      throw thrown
    })
    store.subscribe(() => void seen.push(store.get()))
    store.set(1)
    store.set(2)
    assert.deepStrictEqual([seen, reported], [[1, 2], [thrown, thrown]])
  })

  it("P5.2: throws what a listener throws later where the platform has no reportError", () => {
    vi.stubGlobal("reportError", undefined)
    vi.useFakeTimers()
    const store = Store.make(0)
    store.subscribe(() => {
      throw new Error("mine")
    })
    store.set(1)
    assert.throws(() => vi.runAllTimers(), "mine")
  })

  it("calls a listener until it is removed", () => {
    const store = Store.make(0)
    const seen: Array<number> = []
    const remove = store.subscribe(() => void seen.push(store.get()))
    store.set(1)
    remove()
    store.set(2)
    assert.deepStrictEqual(seen, [1])
  })

  it("calls no listeners when the value is the same", () => {
    const store = Store.make(1)
    let calls = 0
    store.subscribe(() => void calls++)
    store.set(1)
    assert.strictEqual(calls, 0)
  })
})

describe("whileSubscribed", () => {
  const start = (releasePolicy?: Store.ReleasePolicy) => {
    const signals: Array<AbortSignal> = []
    const readable = Store.whileSubscribed(Store.make(0), (signal) => void signals.push(signal), releasePolicy)
    return { signals, subscribe: () => readable.subscribe(() => {}) }
  }

  it("has the value of the store, and calls a listener until it is removed", () => {
    const store = Store.make(1)
    const readable = Store.whileSubscribed(store, () => {})
    const seen: Array<number> = []
    const remove = readable.subscribe(() => void seen.push(readable.get()))
    store.set(2)
    remove()
    store.set(3)
    assert.deepStrictEqual([seen, readable.get()], [[2], 3])
  })

  it("runs from the first subscriber to the last", async () => {
    const { signals, subscribe } = start()
    const stops = [subscribe(), subscribe()]
    stops[0]?.()
    stops[0]?.()
    await Promise.resolve()
    assert.deepStrictEqual(signals.map(({ aborted }) => aborted), [false])
    stops[1]?.()
    await Promise.resolve()
    assert.deepStrictEqual(signals.map(({ aborted }) => aborted), [true])
  })

  it("continues for a subscriber that comes back before the release, and starts again after it", async () => {
    const releases: Array<() => void> = []
    let cancelled = 0
    const { signals, subscribe } = start((release) => {
      releases.push(release)
      return () => void cancelled++
    })
    subscribe()()
    await Promise.resolve()
    const stop = subscribe()
    assert.deepStrictEqual([cancelled, signals.length], [1, 1])
    stop()
    await Promise.resolve()
    releases.at(-1)?.()
    subscribe()
    assert.deepStrictEqual(signals.map(({ aborted }) => aborted), [true, false])
  })
})
