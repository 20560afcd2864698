import { Emitter } from "@effect-signalwire/runtime/Emitter"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"

describe("an emitter", () => {
  it.effect("calls all listeners, also after one that throws, whose error it throws then", () =>
    Effect.gen(function*() {
      const emitter = new Emitter<number>()
      const heard: Array<number> = []
      yield* emitter.watch(() => {
        throw new Error("bad listener")
      })
      yield* emitter.watch((value) => heard.push(value))
      assert.throws(() => emitter.emit(1), "bad listener")
      assert.deepStrictEqual(heard, [1])
    }).pipe(Effect.scoped))

  it.effect("stops one of two listeners that are the same function", () =>
    Effect.gen(function*() {
      const emitter = new Emitter<number>()
      const heard: Array<number> = []
      const listener = (value: number) => void heard.push(value)
      const first = yield* Scope.make()
      yield* Scope.provide(emitter.watch(listener), first)
      yield* emitter.watch(listener)
      yield* Scope.close(first, Exit.void)
      emitter.emit(1)
      assert.deepStrictEqual(heard, [1])
    }).pipe(Effect.scoped))

  it.effect("gives the next event to those who wait for it, and not to who waits within it", () =>
    Effect.gen(function*() {
      const emitter = new Emitter<number>()
      const twice = Effect.forkChild(Effect.all([emitter.next, emitter.next]), { startImmediately: true })
      const waiting = yield* twice
      emitter.emit(1)
      yield* Effect.yieldNow
      emitter.emit(2)
      assert.deepStrictEqual(yield* Fiber.join(waiting), [1, 2])
    }))
})
