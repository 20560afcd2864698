import * as SingleFlight from "@effect-signalwire/runtime/SingleFlight"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

/** A `SingleFlight`, and an effect that counts its runs and ends when the test decides. */
const start = () => {
  const flight = SingleFlight.make<string, number, string>()
  const outcome = Deferred.makeUnsafe<number, string>()
  let runs = 0
  const effect = Effect.suspend(() => {
    runs++
    return Deferred.await(outcome)
  })
  const run = (key: string) => Effect.forkChild(Effect.exit(flight.run(key, effect)), { startImmediately: true })
  return { flight, outcome, run, runs: () => runs }
}

describe("SingleFlight", () => {
  it.effect.each([["a success", Exit.succeed(1)], ["a failure", Exit.fail("no")]] as const)(
    "runs once for all concurrent callers of a key, and each receives %s",
    ([, exit]) =>
      Effect.gen(function*() {
        const { outcome, run, runs } = start()
        const callers = [yield* run("a"), yield* run("a"), yield* run("a")]
        yield* Deferred.done(outcome, exit)
        assert.deepStrictEqual(yield* Fiber.joinAll(callers), [exit, exit, exit])
        assert.strictEqual(runs(), 1)
      })
  )

  it.effect("runs once for each key", () =>
    Effect.gen(function*() {
      const { run, runs } = start()
      yield* run("a")
      yield* run("b")
      assert.strictEqual(runs(), 2)
    }))

  it.effect("keeps no result: the next caller runs again", () =>
    Effect.gen(function*() {
      const { flight, outcome, run, runs } = start()
      yield* Deferred.succeed(outcome, 1)
      yield* Fiber.join(yield* run("a"))
      yield* Fiber.join(yield* run("a"))
      assert.strictEqual(runs(), 2)
      assert.strictEqual(yield* flight.run("a", Effect.succeed(3)), 3)
    }))

  it.effect("runs the effect of a waiting caller when the one that runs is interrupted", () =>
    Effect.gen(function*() {
      const { flight, outcome, run, runs } = start()
      const first = yield* run("a")
      const second = yield* Effect.forkChild(flight.run("a", Effect.succeed(2)), { startImmediately: true })
      const third = yield* run("b")
      yield* Fiber.interrupt(first)
      assert.strictEqual(yield* Fiber.join(second), 2)
      yield* Deferred.succeed(outcome, 1)
      assert.deepStrictEqual(yield* Fiber.join(third), Exit.succeed(1))
      assert.strictEqual(runs(), 2)
    }))

  it.effect("continues for the others when a waiting caller is interrupted", () =>
    Effect.gen(function*() {
      const { outcome, run, runs } = start()
      const first = yield* run("a")
      yield* Fiber.interrupt(yield* run("a"))
      yield* Deferred.succeed(outcome, 1)
      assert.deepStrictEqual(yield* Fiber.join(first), Exit.succeed(1))
      assert.strictEqual(runs(), 1)
    }))
})
