import { afterEach, assert, describe, it, vi } from "vitest"
import * as Store from "../src/internal/store.ts"

afterEach(() => {
  vi.unstubAllGlobals()
})

describe("a store", () => {
  it("P5.2: reports what a listener throws, and tells the others", () => {
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

  it("tells nobody of a value that it has already", () => {
    const store = Store.make(1)
    let calls = 0
    store.subscribe(() => void calls++)
    store.set(1)
    assert.strictEqual(calls, 0)
  })
})

describe("what runs while a store is watched", () => {
  const open = (release?: Store.Release) => {
    const signals: Array<AbortSignal> = []
    const watched = Store.whileWatched(Store.make(0), (signal) => void signals.push(signal), release)
    return { signals, watch: () => watched.subscribe(() => {}) }
  }

  it("begins with the first who watches, and ends with the last", async () => {
    const { signals, watch } = open()
    const stops = [watch(), watch()]
    stops[0]?.()
    stops[0]?.()
    await Promise.resolve()
    assert.deepStrictEqual(signals.map(({ aborted }) => aborted), [false])
    stops[1]?.()
    await Promise.resolve()
    assert.deepStrictEqual(signals.map(({ aborted }) => aborted), [true])
  })

  it("goes on for whoever comes back before it is released, and begins anew after that", async () => {
    const ends: Array<() => void> = []
    let taken = 0
    const { signals, watch } = open((end) => {
      ends.push(end)
      return () => void taken++
    })
    watch()()
    await Promise.resolve()
    const stop = watch()
    assert.deepStrictEqual([taken, signals.length], [1, 1])
    stop()
    await Promise.resolve()
    ends.at(-1)?.()
    watch()
    assert.deepStrictEqual(signals.map(({ aborted }) => aborted), [true, false])
  })
})
