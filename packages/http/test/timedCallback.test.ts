import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { timedCallback } from "../src/internal/timedCallback.ts"

/** Forks an effect, and returns its exit after `millis` milliseconds; `undefined` if it is still running. */
const exitAfter = <A, E>(millis: number, self: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(self)
    yield* TestClock.adjust(millis)
    return fiber.pollUnsafe()
  })

/** The test's clock, and a count of the fibers that sleep by it. */
const countingClock = Effect.map(Clock.Clock, (clock) => {
  let count = 0
  const sleep: Clock.Clock["sleep"] = (duration) =>
    Effect.suspend(() => {
      count++
      return Effect.ensuring(clock.sleep(duration), Effect.sync(() => count--))
    })
  return { sleeping: () => count, clock: { ...clock, sleep } }
})

describe("timedCallback", () => {
  /** A callback with a limit of a second that completes when the test calls `resume`. */
  const manual = () => {
    const state: { resume: (value: string) => void; isAborted: () => boolean } = {
      resume: () => assert.fail("not started"),
      isAborted: () => false
    }
    const effect = timedCallback<string, never, never, string>(
      (resume, signal) => {
        state.resume = (value) => resume(Effect.succeed(value))
        state.isAborted = () => signal.aborted
      },
      1000,
      Effect.fail("timeout")
    )
    return { state, effect }
  }

  /** A callback that never completes, with a limit after which it continues with `orElse`. */
  const never = <A, E>(millis: number, orElse: Effect.Effect<A, E>) => timedCallback(() => {}, millis, orElse)

  it.effect("completes with the value of a callback in time, and does not abort its signal", () =>
    Effect.gen(function*() {
      const { effect, state } = manual()
      const fiber = yield* Effect.forkChild(effect)
      yield* TestClock.adjust(999)
      state.resume("in time")
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(fiber.pollUnsafe(), Exit.succeed("in time"))
      assert.isFalse(state.isAborted())
    }))

  it.effect("continues with orElse at the time limit, and aborts the signal", () =>
    Effect.gen(function*() {
      const { effect, state } = manual()
      const exit = yield* exitAfter(1000, effect)
      state.resume("too late")
      assert.deepStrictEqual(exit, Exit.fail("timeout"))
      assert.isTrue(state.isAborted())
    }))

  it.effect("runs only orElse if the limit is 0", () =>
    Effect.gen(function*() {
      const register = () => assert.fail("started")
      assert.strictEqual(yield* timedCallback(register, 0, Effect.succeed("too late")), "too late")
    }))

  it.effect("aborts the signal and stops the timer when it is interrupted", () =>
    Effect.gen(function*() {
      const { clock, sleeping } = yield* countingClock
      const { effect, state } = manual()
      const fiber = yield* Effect.forkChild(Effect.provideService(effect, Clock.Clock, clock))
      yield* TestClock.adjust(10)
      assert.strictEqual(sleeping(), 1)
      yield* Fiber.interrupt(fiber)
      assert.isTrue(state.isAborted())
      assert.strictEqual(sleeping(), 0)
    }))

  it.effect("uses one timer for all limits, which stops soon after the last one is removed", () =>
    Effect.gen(function*() {
      const { clock, sleeping } = yield* countingClock
      for (let n = 0; n < 3; n++) {
        const immediate = timedCallback((resume) => resume(Effect.void), 30_000, Effect.void)
        yield* Effect.provideService(immediate, Clock.Clock, clock)
      }
      // the timer's fiber starts in the next turn
      yield* Effect.yieldNow
      assert.strictEqual(sleeping(), 1)
      yield* TestClock.adjust(100)
      assert.strictEqual(sleeping(), 0)
    }))

  it.effect("fires limits in the order of their time, not of their start", () =>
    Effect.gen(function*() {
      const fired: Array<number> = []
      const waiting = (millis: number) => never(millis, Effect.sync(() => fired.push(millis)))
      yield* Effect.forkChild(Effect.forEach([5000, 50, 70, 150], waiting, { concurrency: "unbounded" }))
      yield* TestClock.adjust(60)
      assert.deepStrictEqual(fired, [50])
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(fired, [50, 70, 150])
      yield* TestClock.adjust(5000)
      assert.deepStrictEqual(fired, [50, 70, 150, 5000])
    }))

  it.effect("can be used again in orElse", () =>
    Effect.gen(function*() {
      const again = never(20, Effect.succeed("twice"))
      assert.deepStrictEqual(yield* exitAfter(1020, never(1000, again)), Exit.succeed("twice"))
    }))
})
