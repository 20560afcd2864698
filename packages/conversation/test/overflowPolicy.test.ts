import { assert, describe, it } from "@effect/vitest"
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Pull from "effect/Pull"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import { buffer, copyOptions } from "../src/internal/overflowPolicy.ts"

const sliding = { strategy: "sliding", capacity: 3 } as const
const dropping = { strategy: "dropping", capacity: 3 } as const

/** Items that come in batches, each before the consumer pulls. */
const batches = (...batches: ReadonlyArray<Arr.NonEmptyReadonlyArray<number>>) => {
  const left = [...batches]
  return Effect.suspend(() => {
    const batch = left.shift()
    return batch === undefined ? Effect.never : Effect.succeed(batch)
  })
}

/** Followed by an end or a failure. */
const then = <A, E, E2>(items: Pull.Pull<A, E>, end: Pull.Pull<never, E2>, count: number) => {
  let pulls = 0
  return Effect.suspend((): Pull.Pull<A, E | E2> => pulls++ < count ? items : end)
}

describe("buffer", () => {
  it.effect.each([
    { policy: sliding, kept: [3, 4, 5] },
    { policy: dropping, kept: [1, 2, 3] }
  ])(
    "P5.1 P5.3: keeps exactly its capacity of a batch that exceeds it: $policy.strategy",
    ({ kept, policy }) =>
      Effect.gen(function*() {
        const pull = yield* buffer(policy)(batches([1, 2, 3, 4, 5]))
        yield* Effect.yieldNow
        assert.deepStrictEqual([...yield* pull], kept)
      }).pipe(Effect.scoped)
  )

  it.effect.each([
    { policy: sliding, kept: [2, 3, 4] },
    { policy: dropping, kept: [1, 2, 3] }
  ])(
    "P5.1 P5.3: keeps exactly its capacity of several batches: $policy.strategy",
    ({ kept, policy }) =>
      Effect.gen(function*() {
        const pull = yield* buffer(policy)(batches([1, 2], [3, 4]))
        yield* Effect.yieldNow
        assert.deepStrictEqual([...yield* pull], kept)
      }).pipe(Effect.scoped)
  )

  it.effect.each([sliding, dropping])(
    "P5.3: drops nothing up to its capacity: $strategy",
    (policy) =>
      Effect.gen(function*() {
        const pull = yield* buffer(policy)(batches([1, 2], [3]))
        yield* Effect.yieldNow
        assert.deepStrictEqual(yield* pull, [1, 2, 3])
      }).pipe(Effect.scoped)
  )

  it.effect.each([sliding, dropping])(
    "has room again once its items were pulled: $strategy",
    (policy) =>
      Effect.gen(function*() {
        const source = yield* Queue.unbounded<number>()
        const pull = yield* buffer(policy)(Queue.takeAll(source))
        for (const items of [[1, 2, 3], [4, 5, 6]]) {
          yield* Queue.offerAll(source, items)
          yield* Effect.yieldNow
          assert.deepStrictEqual([...yield* pull], items)
        }
      }).pipe(Effect.scoped)
  )

  it.effect.each([sliding, dropping])(
    "ends with its source, after the items that it kept: $strategy",
    (policy) =>
      Effect.gen(function*() {
        const pull = yield* buffer(policy)(then(batches([1], [2]), Cause.done(), 2))
        yield* Effect.yieldNow
        assert.deepStrictEqual(yield* pull, [1, 2])
        assert.deepStrictEqual(yield* Effect.exit(pull), yield* Effect.exit(Cause.done()))
      }).pipe(Effect.scoped)
  )

  it.effect.each([sliding, dropping])(
    "fails with its source, after the items that it kept: $strategy",
    (policy) =>
      Effect.gen(function*() {
        const pull = yield* buffer(policy)(then(batches([1]), Effect.fail("refused"), 1))
        yield* Effect.yieldNow
        assert.deepStrictEqual(yield* pull, [1])
        assert.deepStrictEqual(yield* Effect.exit(pull), Exit.fail("refused"))
      }).pipe(Effect.scoped)
  )

  it.effect("P7.2: stops pulling when its scope is closed", () =>
    Effect.gen(function*() {
      let isPulling = false
      const scope = yield* Scope.make()
      const source = Effect.acquireUseRelease(
        Effect.sync(() => isPulling = true),
        () => Effect.never,
        () => Effect.sync(() => isPulling = false)
      )
      const pull = yield* Scope.provide(buffer(sliding)(source), scope)
      yield* Effect.yieldNow
      assert.isTrue(isPulling)
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(isPulling)
      assert.isTrue(Exit.hasInterrupts(yield* Effect.exit(pull)))
    }))
})

describe("copyOptions", () => {
  it("P5.3: keeps a policy as it is, even if the caller changes its object later", () => {
    const policy: { readonly strategy: "sliding"; capacity: number } = { strategy: "sliding", capacity: 3 }
    const copied = copyOptions({ policy })
    policy.capacity = 1
    assert.deepStrictEqual(copied.policy, { strategy: "sliding", capacity: 3 })
    assert.deepStrictEqual(copyOptions({ policy: "suspend" }), { policy: "suspend" })
  })
})
