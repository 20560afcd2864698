import { Lifetime } from "@effect-signalwire/runtime/Lifetime"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

const whenClosed = Effect.succeed("closed")

describe("P7.2: Lifetime", () => {
  it.effect("returns the result of a call while it is open", () =>
    Effect.gen(function*() {
      const lifetime = new Lifetime()
      assert.isFalse(lifetime.isClosed)
      assert.strictEqual(yield* lifetime.run(Effect.succeed("done"), whenClosed), "done")
      assert.strictEqual(yield* Effect.flip(lifetime.run(Effect.fail("failed"), whenClosed)), "failed")
    }))

  it.effect("interrupts all running calls when it closes, and each returns what it does when closed", () =>
    Effect.gen(function*() {
      const lifetime = new Lifetime()
      let interrupted = 0
      const call = Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++))
      const calls = yield* Effect.forEach(
        [1, 2],
        () => Effect.forkChild(lifetime.run(call, whenClosed), { startImmediately: true })
      )
      lifetime.close()
      assert.deepStrictEqual(yield* Fiber.joinAll(calls), ["closed", "closed"])
      assert.strictEqual(interrupted, 2)
      assert.isTrue(lifetime.isClosed)
    }))

  it.effect("runs no call once it is closed", () =>
    Effect.gen(function*() {
      const lifetime = new Lifetime()
      lifetime.close()
      let runs = 0
      assert.strictEqual(yield* lifetime.run(Effect.sync(() => runs++), whenClosed), "closed")
      assert.strictEqual(runs, 0)
    }))

  it.effect("interrupts a call with its caller", () =>
    Effect.gen(function*() {
      const lifetime = new Lifetime()
      let interrupted = 0
      const call = Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++))
      const fiber = yield* Effect.forkChild(lifetime.run(call, whenClosed), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(interrupted, 1)
    }))
})
