import { SingleConsumerQueue } from "@effect-signalwire/runtime/SingleConsumerQueue"
import { assert, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

it.effect("a reader takes all that waits at once, in order", () =>
  Effect.gen(function*() {
    const mailbox = new SingleConsumerQueue<number>()
    mailbox.offerAll([1, 2])
    mailbox.offerAll([])
    mailbox.offer(3)
    assert.strictEqual(mailbox.size, 3)
    assert.deepStrictEqual(yield* mailbox.take, [1, 2, 3])
    assert.strictEqual(mailbox.size, 0)
  }))

it.effect("a reader that waits goes on within the call that adds", () =>
  Effect.gen(function*() {
    const mailbox = new SingleConsumerQueue<number>()
    const taken: Array<number> = []
    yield* mailbox.take.pipe(
      Effect.map((items) => taken.push(...items)),
      Effect.forever({ disableYield: true }),
      Effect.forkChild({ startImmediately: true })
    )
    mailbox.offer(1)
    mailbox.offer(2)
    assert.deepStrictEqual(taken, [1, 2])
  }))

it.effect("what is added after a reader was interrupted waits for the next", () =>
  Effect.gen(function*() {
    const mailbox = new SingleConsumerQueue<number>()
    const reader = yield* Effect.forkChild(mailbox.take, { startImmediately: true })
    yield* Fiber.interrupt(reader)
    mailbox.offer(1)
    assert.deepStrictEqual(yield* mailbox.take, [1])
  }))

it.effect("what waits is taken before the end, and nothing comes after it", () =>
  Effect.gen(function*() {
    const mailbox = new SingleConsumerQueue<number, string>()
    mailbox.offer(1)
    mailbox.done(Exit.fail("over"))
    mailbox.done(Exit.fail("over again"))
    mailbox.offer(2)
    assert.deepStrictEqual(yield* mailbox.take, [1])
    assert.strictEqual(yield* Effect.flip(mailbox.take), "over")
    assert.strictEqual(yield* Effect.flip(mailbox.take), "over")
  }))

it.effect("the end rouses a reader that waits", () =>
  Effect.gen(function*() {
    const mailbox = new SingleConsumerQueue<number, Cause.Done>()
    const reader = yield* Effect.forkChild(mailbox.take, { startImmediately: true })
    mailbox.done(Exit.fail(Cause.Done()))
    assert.isTrue(Exit.isFailure(yield* Fiber.await(reader)))
  }))

it.effect("what is cleared away is not taken", () =>
  Effect.gen(function*() {
    const mailbox = new SingleConsumerQueue<number>()
    mailbox.offerAll([1, 2])
    assert.deepStrictEqual(mailbox.clear(), [1, 2])
    mailbox.offer(3)
    assert.deepStrictEqual(yield* mailbox.take, [3])
  }))

it.effect("is a defect for a second reader, who would starve, and none for one who comes after another", () =>
  Effect.gen(function*() {
    const mailbox = new SingleConsumerQueue<number>()
    const first = yield* Effect.forkChild(mailbox.take, { startImmediately: true })
    const second = yield* Effect.exit(mailbox.take)
    assert.isTrue(Exit.hasDies(second))
    yield* Fiber.interrupt(first)
    const third = yield* Effect.forkChild(mailbox.take, { startImmediately: true })
    mailbox.offer(1)
    assert.deepStrictEqual(yield* Fiber.join(third), [1])
  }))
