import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import * as OutboxStore from "../src/OutboxStore.ts"

/** The web storage of a browser. */
const storage = (): {
  readonly layer: Layer.Layer<KeyValueStore.KeyValueStore>
  readonly data: Map<string, string>
} => {
  const data = new Map<string, string>()
  const local: Storage = {
    get length() {
      return data.size
    },
    clear: () => data.clear(),
    getItem: (key) => data.get(key) ?? null,
    key: (index) => [...data.keys()][index] ?? null,
    removeItem: (key) => void data.delete(key),
    setItem: (key, value) => void data.set(key, value)
  }
  return { data, layer: KeyValueStore.layerStorage(() => local) }
}

/** A queue as one process uses it, until `end`. */
const open = (layer: Layer.Layer<KeyValueStore.KeyValueStore>, name = "messages") =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const context = yield* PersistedQueue.layer.pipe(
      Layer.provideMerge(OutboxStore.layer),
      Layer.provide(layer),
      Layer.buildWithScope(scope)
    )
    const queue = yield* Effect.provideContext(PersistedQueue.make({ name, schema: Schema.String }), context)
    const take = queue.take((text, { attempts }) => Effect.succeed(`${text} ${attempts}`))
    return { ...queue, context, read: take, end: Scope.close(scope, Exit.void) }
  })

describe("OutboxStore", () => {
  it.effect("returns elements in order, also to the next process", () =>
    Effect.gen(function*() {
      const { layer } = storage()
      const first = yield* open(layer)
      for (const text of ["a", "b", "c", "d"]) yield* first.offer(text)
      assert.strictEqual(yield* first.read, "a 1")
      yield* first.end
      const second = yield* open(layer)
      yield* second.offer("e")
      assert.deepStrictEqual(yield* Effect.replicateEffect(second.read, 4), ["b 1", "c 1", "d 1", "e 1"])
    }))

  it.effect("returns the element that a killed process had taken first, as another attempt", () =>
    Effect.gen(function*() {
      const { layer } = storage()
      const killed = yield* open(layer)
      for (const text of ["a", "b"]) yield* killed.offer(text)
      const fiber = yield* Effect.forkChild(killed.take(() => Effect.never))
      yield* Effect.yieldNow
      const next = yield* open(layer)
      assert.deepStrictEqual(yield* Effect.replicateEffect(next.read, 2), ["a 2", "b 1"])
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("returns an interrupted element first, without counting the attempt", () =>
    Effect.gen(function*() {
      const { end, offer, read, take } = yield* open(storage().layer)
      for (const text of ["a", "b"]) yield* offer(text)
      const fiber = yield* Effect.forkChild(take(() => Effect.never))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(yield* read, "a 1")
      yield* end
    }))

  it.effect("ignores an id that was offered before, until it is cleaned up", () =>
    Effect.gen(function*() {
      const { data, layer } = storage()
      const first = yield* open(layer)
      yield* first.offer("a", { id: "1" })
      yield* first.offer("a", { id: "1" })
      assert.strictEqual(yield* first.read, "a 1")
      const second = yield* open(layer)
      yield* second.offer("again", { id: "1" })
      yield* second.offer("b", { id: "2" })
      assert.strictEqual(yield* second.read, "b 1")
      assert.strictEqual(data.size, 2)
      yield* TestClock.adjust("2 days")
      const cleanup = Layer.provide(
        PersistedQueue.layerCleanup({ timeToLive: "1 day" }),
        Layer.succeedContext(second.context)
      )
      yield* Effect.scoped(Effect.andThen(Layer.build(cleanup), Effect.yieldNow))
      assert.strictEqual(data.size, 0)
    }))

  it.effect("delays an element that failed, and waits for later elements", () =>
    Effect.gen(function*() {
      const { offer, read, take } = yield* open(storage().layer)
      yield* offer("a")
      assert.strictEqual(yield* Effect.flip(take(() => Effect.fail("no"))), "no")
      const retried = yield* Effect.forkChild(read)
      yield* Effect.yieldNow
      assert.isUndefined(retried.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(retried), "a 2")
      const later = yield* Effect.forkChild(read)
      yield* Effect.yieldNow
      yield* offer("b")
      assert.strictEqual(yield* Fiber.join(later), "b 1")
    }))

  it.effect("does not delay elements when the clock is set back", () =>
    Effect.gen(function*() {
      const { layer } = storage()
      yield* TestClock.setTime(1_000_000)
      const first = yield* open(layer)
      yield* first.offer("a")
      yield* TestClock.setTime(0)
      const second = yield* open(layer)
      yield* second.offer("b")
      assert.deepStrictEqual(yield* Effect.replicateEffect(second.read, 2), ["a 1", "b 1"])
    }))

  it.effect("skips malformed elements, in the store and in the queue", () =>
    Effect.gen(function*() {
      const { data, layer } = storage()
      const numbers = yield* Effect.gen(function*() {
        const { context } = yield* open(layer)
        return yield* Effect.provideContext(
          PersistedQueue.make({ name: "messages", schema: Schema.Finite }),
          context
        )
      })
      yield* numbers.offer(1, { id: "not a string" })
      data.set(`effect-signalwire/queue/${JSON.stringify(["messages", "broken"])}`, "{")
      const { offer, read } = yield* open(layer)
      yield* offer("a")
      assert.strictEqual(yield* read, "a 1")
      const third = yield* open(layer)
      yield* third.offer("b")
      assert.strictEqual(yield* third.read, "b 1")
    }))

  it.effect("fails an offer that can't be written, and keeps none of it", () =>
    Effect.gen(function*() {
      let full = true
      const data = new Map<string, string>()
      const error = new KeyValueStore.KeyValueStoreError({ method: "set", message: "full" })
      const layer = Layer.succeed(
        KeyValueStore.KeyValueStore,
        KeyValueStore.makeStringOnly({
          get: (key) => Effect.sync(() => data.get(key)),
          set: (key, value) =>
            Effect.suspend(() => full ? Effect.fail(error) : Effect.sync(() => data.set(key, value))),
          remove: (key) => Effect.sync(() => data.delete(key)),
          clear: Effect.sync(() => data.clear()),
          size: Effect.sync(() => data.size),
          keys: Effect.sync(() => [...data.keys()])
        })
      )
      const { offer, read } = yield* open(layer)
      const failed = yield* Effect.flip(offer("a", { id: "1" }))
      assert.strictEqual(failed._tag, "PersistedQueueError")
      full = false
      yield* offer("b", { id: "1" })
      full = true
      assert.strictEqual((yield* Effect.flip(read))._tag, "PersistedQueueError")
      full = false
      assert.strictEqual(yield* read, "b 1")
    }))
})
