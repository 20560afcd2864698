import { assert, describe, it } from "@effect/vitest"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Pulls from "../src/internal/pulls.ts"

/** Pulls so many pages, each after a delay, and counts how many were read. */
const makePages = (pages: number, delayMillis = 0) => {
  let read = 0
  const pull: Pull.Pull<NonEmptyReadonlyArray<number>, string> = Effect.suspend(() => {
    if (read === pages) return Cause.done()
    read++
    const page: NonEmptyReadonlyArray<number> = [read]
    return delayMillis === 0 ? Effect.succeed(page) : Effect.delay(Effect.succeed(page), delayMillis)
  })
  return { pull, read: () => read }
}

const collect = <A, E>(pull: Pulls.Batches<A, E>) => Stream.runCollect(Stream.fromPull(Effect.succeed(pull)))

describe("Pulls.prefetch", () => {
  it.effect("reads as many batches in advance as it may, and no more", () =>
    Effect.gen(function*() {
      const { pull, read } = makePages(10)
      const prefetched = yield* Pulls.prefetch(pull, 2)
      yield* TestClock.adjust(0)
      assert.strictEqual(read(), 2)
      yield* prefetched
      yield* TestClock.adjust(0)
      assert.strictEqual(read(), 3)
    }))

  it.effect("returns all batches in order", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* collect(yield* Pulls.prefetch(makePages(5).pull, 2)), [1, 2, 3, 4, 5])
    }))

  it.effect("reads while its consumer is busy", () =>
    Effect.gen(function*() {
      const prefetched = yield* Pulls.prefetch(makePages(10, 100).pull, 2)
      const consumer = yield* Effect.forkChild(
        Effect.forEach([1, 2, 3, 4], () => Effect.delay(prefetched, 100)),
        { startImmediately: true }
      )
      yield* TestClock.adjust(450)
      assert.strictEqual(consumer.pollUnsafe()?._tag, "Success")
    }))

  it.effect("fails after the batches that came before, and again with every later pull", () =>
    Effect.gen(function*() {
      const failing = Pulls.paginate(1, (page) =>
        page === 3 ? Effect.fail("gone") : Effect.succeed([[page], Option.some(page + 1)] as const))
      const prefetched = yield* Pulls.prefetch(failing, 5)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual([yield* prefetched, yield* prefetched], [[1], [2]])
      for (let pulls = 0; pulls < 2; pulls++) {
        assert.strictEqual(yield* Effect.flip(prefetched), "gone")
      }
    }))

  it.effect("stops when its scope is closed", () =>
    Effect.gen(function*() {
      const { pull, read } = makePages(10, 100)
      const scope = yield* Scope.make()
      const prefetched = yield* Scope.provide(Pulls.prefetch(pull, 5), scope)
      yield* TestClock.adjust(100)
      yield* prefetched
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(read(), 2)
    }))

  it.effect("keeps a batch for the next pull if a pull is interrupted", () =>
    Effect.gen(function*() {
      const prefetched = yield* Pulls.prefetch(makePages(10, 100).pull, 1)
      yield* Fiber.interrupt(yield* Effect.forkChild(prefetched, { startImmediately: true }))
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(yield* prefetched, [1])
    }))
})

describe("Pulls.paginate", () => {
  it.effect("skips pages without items", () =>
    Effect.gen(function*() {
      const pages = Pulls.paginate(0, (page) =>
        Effect.succeed([page % 2 === 0 ? [] : [page], page < 5 ? Option.some(page + 1) : Option.none()] as const))
      assert.deepStrictEqual(yield* collect(pages), [1, 3, 5])
    }))
})

/** Pages of two items without an end, and how many were read. */
const countedPages = () => {
  let read = 0
  const pages = Pulls.paginate(0, (page) =>
    Effect.sync(() => {
      read++
      return [[page * 2, page * 2 + 1], Option.some(page + 1)] as const
    }))
  return { pages, read: () => read }
}

describe("Pulls.take", () => {
  it.effect("ends after the given number of items, and reads no further page", () =>
    Effect.gen(function*() {
      const { pages, read } = countedPages()
      assert.deepStrictEqual(yield* collect(Pulls.take(pages, 3)), [0, 1, 2])
      assert.strictEqual(read(), 2)
    }))

  it.effect.each<readonly [number, number]>([[0, 0], [2, 1], [4, 2]])(
    "reads no page beyond the last of %i items",
    ([count, expected]) =>
      Effect.gen(function*() {
        const { pages, read } = countedPages()
        assert.strictEqual((yield* collect(Pulls.take(pages, count))).length, count)
        assert.strictEqual(read(), expected)
      })
  )
})
