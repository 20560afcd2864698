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

/** A list of pages, and how many of them were read. */
const counted = (pages: number, millis = 0) => {
  let read = 0
  const pull: Pull.Pull<NonEmptyReadonlyArray<number>, string> = Effect.suspend(() => {
    if (read === pages) return Cause.done()
    read++
    const page: NonEmptyReadonlyArray<number> = [read]
    return millis === 0 ? Effect.succeed(page) : Effect.delay(Effect.succeed(page), millis)
  })
  return { pull, read: () => read }
}

const collect = <A, E>(pull: Pulls.Batches<A, E>) => Stream.runCollect(Stream.fromPull(Effect.succeed(pull)))

describe("reading ahead", () => {
  it.effect("stays as far ahead as it may, and no further", () =>
    Effect.gen(function*() {
      const { pull, read } = counted(10)
      const ahead = yield* Pulls.ahead(pull, 2)
      yield* TestClock.adjust(0)
      assert.strictEqual(read(), 2)
      yield* ahead
      yield* TestClock.adjust(0)
      assert.strictEqual(read(), 3)
    }))

  it.effect("hands on all in order, to the end", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* collect(yield* Pulls.ahead(counted(5).pull, 2)), [1, 2, 3, 4, 5])
    }))

  it.effect("reads while its consumer is busy", () =>
    Effect.gen(function*() {
      const ahead = yield* Pulls.ahead(counted(10, 100).pull, 2)
      const reading = yield* Effect.forkChild(
        Effect.forEach([1, 2, 3, 4], () => Effect.delay(ahead, 100)),
        { startImmediately: true }
      )
      yield* TestClock.adjust(450)
      assert.isDefined(reading.pollUnsafe())
    }))

  it.effect("tells a failure after what came before it, and again to whoever asks again", () =>
    Effect.gen(function*() {
      const failing = Pulls.paginate(1, (page) =>
        page === 3 ? Effect.fail("gone") : Effect.succeed([[page], Option.some(page + 1)] as const))
      const ahead = yield* Pulls.ahead(failing, 5)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual([yield* ahead, yield* ahead], [[1], [2]])
      for (let asked = 0; asked < 2; asked++) {
        assert.strictEqual(yield* Effect.flip(ahead), "gone")
      }
    }))

  it.effect("stops when the consumer leaves", () =>
    Effect.gen(function*() {
      const { pull, read } = counted(10, 100)
      const scope = yield* Scope.make()
      const ahead = yield* Scope.provide(Pulls.ahead(pull, 5), scope)
      yield* TestClock.adjust(100)
      yield* ahead
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(read(), 2)
    }))

  it.effect("keeps a page for the next who asks when one who waited gave up", () =>
    Effect.gen(function*() {
      const ahead = yield* Pulls.ahead(counted(10, 100).pull, 1)
      yield* Fiber.interrupt(yield* Effect.forkChild(ahead, { startImmediately: true }))
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(yield* ahead, [1])
    }))
})

describe("paging", () => {
  it.effect("passes over pages with nothing on them", () =>
    Effect.gen(function*() {
      const pages = Pulls.paginate(0, (page) =>
        Effect.succeed([page % 2 === 0 ? [] : [page], page < 5 ? Option.some(page + 1) : Option.none()] as const))
      assert.deepStrictEqual(yield* collect(pages), [1, 3, 5])
    }))

  it.effect("ends after so many items, in the middle of a page, and asks for no page after that", () =>
    Effect.gen(function*() {
      let asked = 0
      const pages = Pulls.paginate(0, (page) =>
        Effect.sync(() => {
          asked++
          return [[page * 2, page * 2 + 1], Option.some(page + 1)] as const
        }))
      assert.deepStrictEqual(yield* collect(Pulls.take(pages, 3)), [0, 1, 2])
      assert.strictEqual(asked, 2)
    }))
})
