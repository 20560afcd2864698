import { Emitter } from "@effect-signalwire/runtime/Emitter"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"

/** What a function throws. */
const thrownBy = (run: () => void): unknown => {
  try {
    run()
  } catch (error) {
    return error
  }
  assert.fail("nothing was thrown")
}

describe("an emitter", () => {
  it.effect("calls all listeners, and rethrows the exception of one at the end", () =>
    Effect.gen(function*() {
      const emitter = new Emitter<number>()
      const received: Array<number> = []
      const bad = new Error("bad listener")
      yield* emitter.watch(() => {
        throw bad
      })
      yield* emitter.watch((value) => received.push(value))
      assert.strictEqual(thrownBy(() => emitter.emit(1)), bad)
      assert.deepStrictEqual(received, [1])
    }).pipe(Effect.scoped))

  it.effect("removes only one of two registrations of the same function", () =>
    Effect.gen(function*() {
      const emitter = new Emitter<number>()
      const received: Array<number> = []
      const listener = (value: number) => void received.push(value)
      const first = yield* Scope.make()
      yield* Scope.provide(emitter.watch(listener), first)
      yield* emitter.watch(listener)
      yield* Scope.close(first, Exit.void)
      emitter.emit(1)
      assert.deepStrictEqual(received, [1])
    }).pipe(Effect.scoped))

  it.effect("completes next with the following event, not with the one that is being emitted", () =>
    Effect.gen(function*() {
      const emitter = new Emitter<number>()
      const waiting = yield* Effect.forkChild(Effect.all([emitter.next, emitter.next]), { startImmediately: true })
      emitter.emit(1)
      yield* Effect.yieldNow
      emitter.emit(2)
      assert.deepStrictEqual(yield* Fiber.join(waiting), [1, 2])
    }))
})

describe("listeners of an emitter", () => {
  it("are all called, although several throw, and the first exception is rethrown", () => {
    const emitter = new Emitter<number>()
    const received: Array<number> = []
    const [first, second] = [new Error("first"), new Error("second")]
    for (const error of [first, second]) {
      emitter.add(() => {
        throw error
      })
    }
    emitter.add((value) => received.push(value))
    assert.strictEqual(thrownBy(() => emitter.emit(1)), first)
    assert.deepStrictEqual(received, [1])
  })

  it("receive later events only, if they are added by another listener", () => {
    const emitter = new Emitter<number>()
    const received: Array<number> = []
    const stop = emitter.add(() => {
      stop()
      emitter.add((value) => received.push(value))
    })
    for (const value of [1, 2]) emitter.emit(value)
    assert.deepStrictEqual(received, [2])
  })
})

it.effect("an emitter does not resume a fiber that no longer waits for its next event", () =>
  Effect.gen(function*() {
    const emitter = new Emitter<number>()
    const received: Array<number> = []
    const waiting = yield* Effect.forkChild(
      Effect.tap(emitter.next, (value) => Effect.sync(() => received.push(value))),
      { startImmediately: true }
    )
    yield* Fiber.interrupt(waiting)
    emitter.emit(1)
    assert.deepStrictEqual(received, [])
  }))
