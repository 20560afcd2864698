import * as ObservableRef from "@effect-signalwire/runtime/ObservableRef"
import * as Streams from "@effect-signalwire/runtime/Streams"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

it.effect("emits the current value and every change to each subscriber", () =>
  Effect.gen(function*() {
    const ref = ObservableRef.make(0)
    yield* ref.set(1)
    const subscribe = Effect.forkChild(Stream.runCollect(Stream.take(ref.changes, 3)), { startImmediately: true })
    const first = yield* subscribe
    const second = yield* subscribe
    for (const value of [2, 3, 4]) yield* ref.set(value)
    assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(second)], [[1, 2, 3], [1, 2, 3]])
    assert.strictEqual(yield* ref.get, 4)
  }))

it.effect("emits every change to a slow subscriber", () =>
  Effect.gen(function*() {
    const ref = ObservableRef.make(0)
    const seen = yield* Effect.forkChild(
      Stream.runCollect(Stream.take(Stream.tap(ref.changes, () => Effect.yieldNow), 1001)),
      { startImmediately: true }
    )
    for (let value = 1; value <= 1000; value++) yield* ref.set(value)
    assert.strictEqual((yield* Fiber.join(seen)).at(-1), 1000)
  }))

it.effect("calls all listeners with changes in the same order if one of them sets another value", () =>
  Effect.gen(function*() {
    const ref = ObservableRef.make(0)
    const received: Array<number> = []
    yield* Streams.listen(ref.changes, (value) => {
      if (value === 1) Effect.runSync(ref.set(2))
    })
    yield* Streams.listen(ref.changes, (value) => received.push(value))
    yield* ref.set(1)
    assert.deepStrictEqual(received, [0, 1, 2])
    assert.strictEqual(yield* ref.get, 2)
  }))

it.effect("emits each value once to a listener that is added while values are emitted", () =>
  Effect.gen(function*() {
    const ref = ObservableRef.make(0)
    const scope = yield* Effect.scope
    const received: Array<number> = []
    yield* Streams.listen(ref.changes, (value) => {
      if (value !== 1) return
      ref.setUnsafe(2)
      Effect.runSync(Scope.provide(Streams.listen(ref.changes, (value) => received.push(value)), scope))
    })
    yield* ref.set(1)
    yield* ref.set(3)
    assert.deepStrictEqual(received, [1, 2, 3])
  }))

it.effect("calls all listeners although several throw, and rethrows the first exception at the end", () =>
  Effect.gen(function*() {
    const ref = ObservableRef.make(0)
    const received: Array<number> = []
    yield* Streams.listen(ref.changes, (value) => {
      if (value === 1) ref.setUnsafe(2)
      if (value > 0) throw new Error(`listener of ${value}`)
    })
    yield* Streams.listen(ref.changes, (value) => received.push(value))
    assert.throws(() => ref.setUnsafe(1), "listener of 1")
    assert.deepStrictEqual(received, [0, 1, 2])
  }))

it.effect("does not call a listener after its scope has closed", () =>
  Effect.gen(function*() {
    const ref = ObservableRef.make(0)
    const received: Array<number> = []
    yield* Effect.scoped(Effect.andThen(
      Streams.listen(ref.changes, (value) => received.push(value)),
      ref.set(1)
    ))
    yield* ref.set(2)
    assert.deepStrictEqual(received, [0, 1])
  }))

it.effect("completes next with the next new value", () =>
  Effect.gen(function*() {
    const ref = ObservableRef.make(0)
    const next = yield* Effect.forkChild(ref.next, { startImmediately: true })
    for (const value of [1, 2]) yield* ref.set(value)
    assert.strictEqual(yield* Fiber.join(next), 1)
  }))
