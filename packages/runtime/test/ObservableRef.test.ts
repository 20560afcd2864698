import * as ObservableRef from "@effect-signalwire/runtime/ObservableRef"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"

it.effect("a value is watched from what it is now, through every change, by each who watches", () =>
  Effect.gen(function*() {
    const watched = ObservableRef.make(0)
    yield* watched.set(1)
    const watch = Effect.forkChild(Stream.runCollect(Stream.take(watched.changes, 3)), { startImmediately: true })
    const first = yield* watch
    const second = yield* watch
    for (const value of [2, 3, 4]) yield* watched.set(value)
    assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(second)], [[1, 2, 3], [1, 2, 3]])
    assert.strictEqual(yield* watched.get, 4)
  }))

it.effect("a slow watcher misses no change", () =>
  Effect.gen(function*() {
    const watched = ObservableRef.make(0)
    const seen = yield* Effect.forkChild(
      Stream.runCollect(Stream.take(Stream.tap(watched.changes, () => Effect.yieldNow), 1001)),
      { startImmediately: true }
    )
    for (let value = 1; value <= 1000; value++) yield* watched.set(value)
    assert.strictEqual((yield* Fiber.join(seen)).at(-1), 1000)
  }))

it.effect("all who watch hear changes in one order, though one of them makes another as it is told", () =>
  Effect.gen(function*() {
    const watched = ObservableRef.make(0)
    const heard: Array<number> = []
    yield* watched.watch((value) => {
      if (value === 1) Effect.runSync(watched.set(2))
    })
    yield* watched.watch((value) => void heard.push(value))
    yield* watched.set(1)
    assert.deepStrictEqual(heard, [1, 2])
    assert.strictEqual(yield* watched.get, 2)
  }))

it.effect("who watches no more is not told", () =>
  Effect.gen(function*() {
    const watched = ObservableRef.make(0)
    const heard: Array<number> = []
    yield* Effect.scoped(Effect.andThen(watched.watch((value) => void heard.push(value)), watched.set(1)))
    yield* watched.set(2)
    assert.deepStrictEqual(heard, [1])
  }))
