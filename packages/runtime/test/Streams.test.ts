import { Emitter } from "@effect-signalwire/runtime/Emitter"
import * as Streams from "@effect-signalwire/runtime/Streams"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"

/** A stream of events, and a function that emits one. */
const events = () => {
  const emitter = new Emitter<string>()
  return {
    emit: (value: string) => emitter.emit(value),
    stream: Streams.fromListen<string>((listener) => emitter.watch(listener))
  }
}

describe("a stream of events", () => {
  it.effect("calls its listeners within the call that emits an event, until their scope closes", () =>
    Effect.gen(function*() {
      const { emit, stream } = events()
      const received: Array<string> = []
      yield* Effect.scoped(Effect.gen(function*() {
        yield* Streams.listen(stream, (value) => received.push(value))
        emit("a")
        assert.deepStrictEqual(received, ["a"])
      }))
      emit("b")
      assert.deepStrictEqual(received, ["a"])
    }))

  it.effect("calls its listeners within that call however many events there are in a row", () =>
    Effect.gen(function*() {
      const { emit, stream } = events()
      let received = 0
      yield* Streams.listen(stream, () => received++)
      for (let count = 1; count <= 10_000; count++) {
        emit("a")
        assert.strictEqual(received, count)
      }
    }))

  it.effect("runs like any other stream, and keeps events for a slow consumer", () =>
    Effect.gen(function*() {
      const { emit, stream } = events()
      const slow = yield* stream.pipe(
        Stream.tap(() => Effect.yieldNow),
        Stream.take(3),
        Stream.runCollect,
        Effect.forkChild({ startImmediately: true })
      )
      for (const value of ["a", "b", "c"]) emit(value)
      assert.deepStrictEqual(yield* Fiber.join(slow), ["a", "b", "c"])
    }))

  it.effect("P7.3: keeps the newest 1024 events for a consumer that does not pull", () =>
    Effect.gen(function*() {
      const { emit, stream } = events()
      const pull = yield* Streams.toPull(stream, yield* Effect.scope)
      const first = yield* Effect.forkChild(pull, { startImmediately: true })
      emit("first")
      assert.deepStrictEqual(yield* Fiber.join(first), ["first"])
      for (let index = 1; index <= 5000; index++) emit(`${index}`)
      const values = yield* pull
      assert.deepStrictEqual([values.length, values[0], values.at(-1)], [1024, "3977", "5000"])
    }))

  it.effect("reaches the listeners of a stream that is derived from it", () =>
    Effect.gen(function*() {
      const { emit, stream } = events()
      const received: Array<string> = []
      yield* Streams.listen(Stream.map(stream, (value) => value.toUpperCase()), (value) => received.push(value))
      emit("a")
      yield* Effect.yieldNow
      assert.deepStrictEqual(received, ["A"])
    }))

  it.effect("passes an exception of its source to the handler", () =>
    Effect.gen(function*() {
      const defects: Array<unknown> = []
      const stream = Streams.fromListen<string>(() => Effect.die("no such event"))
      yield* Streams.listen(stream, () => {}, (defect) => Effect.sync(() => void defects.push(defect)))
      assert.deepStrictEqual(defects, ["no such event"])
    }))
})

describe("any other stream", () => {
  it.effect("is run in the background until the scope closes", () =>
    Effect.gen(function*() {
      const queue = yield* Queue.unbounded<string>()
      const received: Array<string> = []
      yield* Effect.scoped(Effect.gen(function*() {
        yield* Streams.listen(Stream.fromQueue(queue), (value) => received.push(value))
        yield* Queue.offerAll(queue, ["a", "b"])
        yield* Effect.yieldNow
      }))
      yield* Queue.offer(queue, "c")
      yield* Effect.yieldNow
      assert.deepStrictEqual(received, ["a", "b"])
    }))

  it.effect("passes its exception to the handler, after its values", () =>
    Effect.gen(function*() {
      const received: Array<unknown> = []
      const stream = Stream.concat(Stream.make("a"), Stream.die("broken"))
      yield* Streams.listen(
        stream,
        (value) => received.push(value),
        (defect) => Effect.sync(() => void received.push({ defect }))
      )
      assert.deepStrictEqual(received, ["a", { defect: "broken" }])
    }))
})
