import { SingleConsumerQueue } from "@effect-signalwire/runtime/SingleConsumerQueue"
import { assert, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

it.effect("takes all queued items at once, in order", () =>
  Effect.gen(function*() {
    const queue = new SingleConsumerQueue<number>()
    queue.offerAll([1, 2])
    queue.offerAll([])
    queue.offer(3)
    assert.strictEqual(queue.size, 3)
    assert.deepStrictEqual(yield* queue.take, [1, 2, 3])
    assert.strictEqual(queue.size, 0)
  }))

it.effect("adds several items after those that are queued, and does not keep the caller's array", () =>
  Effect.gen(function*() {
    const queue = new SingleConsumerQueue<number>()
    const added = [1, 2]
    queue.offerAll(added)
    queue.offerAll([3, 4])
    queue.offer(5)
    assert.deepStrictEqual(added, [1, 2])
    assert.deepStrictEqual(yield* queue.take, [1, 2, 3, 4, 5])
  }))

it.effect("continues a waiting consumer with all items that are added at once", () =>
  Effect.gen(function*() {
    const queue = new SingleConsumerQueue<number>()
    const taken: Array<ReadonlyArray<number>> = []
    yield* Effect.forkChild(Effect.map(queue.take, (items) => taken.push(items)), { startImmediately: true })
    queue.offerAll([1, 2])
    assert.deepStrictEqual(taken, [[1, 2]])
  }))

it.effect("continues a waiting consumer within the call that adds an item", () =>
  Effect.gen(function*() {
    const queue = new SingleConsumerQueue<number>()
    const taken: Array<number> = []
    yield* queue.take.pipe(
      Effect.map((items) => taken.push(...items)),
      Effect.forever({ disableYield: true }),
      Effect.forkChild({ startImmediately: true })
    )
    queue.offer(1)
    queue.offer(2)
    assert.deepStrictEqual(taken, [1, 2])
  }))

it.effect("keeps items for the next consumer if the first was interrupted", () =>
  Effect.gen(function*() {
    const queue = new SingleConsumerQueue<number>()
    const consumer = yield* Effect.forkChild(queue.take, { startImmediately: true })
    yield* Fiber.interrupt(consumer)
    queue.offer(1)
    assert.deepStrictEqual(yield* queue.take, [1])
  }))

it.effect("ends after the queued items are taken, and drops later items", () =>
  Effect.gen(function*() {
    const queue = new SingleConsumerQueue<number, string>()
    queue.offer(1)
    queue.done(Exit.fail("over"))
    queue.done(Exit.fail("over again"))
    queue.offer(2)
    queue.offerAll([3])
    assert.deepStrictEqual(yield* queue.take, [1])
    assert.strictEqual(yield* Effect.flip(queue.take), "over")
    assert.strictEqual(yield* Effect.flip(queue.take), "over")
  }))

it.effect("ends a waiting consumer", () =>
  Effect.gen(function*() {
    const queue = new SingleConsumerQueue<number, Cause.Done>()
    const consumer = yield* Effect.forkChild(queue.take, { startImmediately: true })
    queue.done(Exit.fail(Cause.Done()))
    assert.isTrue(Exit.isFailure(yield* Fiber.await(consumer)))
  }))

it.effect("does not return cleared items from take", () =>
  Effect.gen(function*() {
    const queue = new SingleConsumerQueue<number>()
    queue.offerAll([1, 2])
    assert.deepStrictEqual(queue.clear(), [1, 2])
    queue.offer(3)
    assert.deepStrictEqual(yield* queue.take, [3])
  }))

it.effect("dies for a second concurrent consumer, and accepts consumers one after the other", () =>
  Effect.gen(function*() {
    const queue = new SingleConsumerQueue<number>()
    const first = yield* Effect.forkChild(queue.take, { startImmediately: true })
    const second = yield* Effect.exit(queue.take)
    assert.isTrue(Exit.hasDies(second))
    yield* Fiber.interrupt(first)
    const third = yield* Effect.forkChild(queue.take, { startImmediately: true })
    queue.offer(1)
    assert.deepStrictEqual(yield* Fiber.join(third), [1])
  }))
