import * as Timeouts from "@effect-signalwire/runtime/Timeouts"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"

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

describe("callback", () => {
  /** A callback with a limit of a second that completes when the test calls `resume`. */
  const manual = () => {
    const state: { resume: (value: string) => void; isAborted: () => boolean } = {
      resume: () => assert.fail("not started"),
      isAborted: () => false
    }
    const effect = Timeouts.callback<string, never, never, string>(
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
  const never = <A, E>(millis: number, orElse: Effect.Effect<A, E>) => Timeouts.callback(() => {}, millis, orElse)

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
      assert.strictEqual(yield* Timeouts.callback(register, 0, Effect.succeed("too late")), "too late")
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
        const immediate = Timeouts.callback((resume) => resume(Effect.void), 30_000, Effect.void)
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

/** Completes with a value after `millis` milliseconds. */
const delayed = <A>(millis: number, value: A) => Effect.as(Effect.sleep(millis), value)

/** Records whether an effect was started, and whether it was interrupted. */
const recorded = <A, E>(self: Effect.Effect<A, E>) => {
  const record = { started: false, interrupted: false }
  const effect = Effect.suspend(() => {
    record.started = true
    return Effect.onInterrupt(self, () =>
      Effect.sync(() => {
        record.interrupted = true
      }))
  })
  return { record, effect }
}

describe("timeoutAfter", () => {
  it.effect("does not start the other effect if the first completes in time", () =>
    Effect.gen(function*() {
      const other = recorded(Effect.succeed("other"))
      const exit = yield* exitAfter(2000, Timeouts.timeoutAfter(delayed(999, "in time"), 1000, other.effect))
      assert.deepStrictEqual(exit, Exit.succeed("in time"))
      assert.isFalse(other.record.started)
    }))

  it.effect("fails if the effect fails in time", () =>
    Effect.gen(function*() {
      const failing = Effect.flip(delayed(10, "no"))
      const exit = yield* exitAfter(2000, Timeouts.timeoutAfter(failing, 1000, Effect.succeed("other")))
      assert.deepStrictEqual(exit, Exit.fail("no"))
    }))

  it.effect("interrupts the effect when the other one completes first", () =>
    Effect.gen(function*() {
      const slow = recorded(Effect.never)
      const exit = yield* exitAfter(1000, Timeouts.timeoutAfter(slow.effect, 1000, Effect.fail("timeout")))
      assert.deepStrictEqual(exit, Exit.fail("timeout"))
      assert.isTrue(slow.record.interrupted)
    }))

  it.effect("does not start the other effect before the limit", () =>
    Effect.gen(function*() {
      const other = recorded(Effect.succeed("other"))
      assert.isUndefined(yield* exitAfter(999, Timeouts.timeoutAfter(Effect.never, 1000, other.effect)))
      assert.isFalse(other.record.started)
    }))

  it.effect("lets the effect complete after the limit while the other one runs", () =>
    Effect.gen(function*() {
      const other = recorded(Effect.never)
      const exit = yield* exitAfter(1500, Timeouts.timeoutAfter(delayed(1500, "slow"), 1000, other.effect))
      assert.deepStrictEqual(exit, Exit.succeed("slow"))
      assert.deepStrictEqual(other.record, { started: true, interrupted: true })
    }))

  it.effect("runs only the other effect if the limit is 0", () =>
    Effect.gen(function*() {
      const slow = recorded(Effect.succeed("slow"))
      assert.strictEqual(yield* Timeouts.timeoutAfter(slow.effect, 0, Effect.succeed("other")), "other")
      assert.isFalse(slow.record.started)
    }))

  it.effect("interrupts both effects and stops the timer when it is interrupted", () =>
    Effect.gen(function*() {
      const { clock, sleeping } = yield* countingClock
      const slow = recorded(Effect.never)
      const other = recorded(Effect.never)
      const fiber = yield* Effect.forkChild(
        Effect.provideService(Timeouts.timeoutAfter(slow.effect, 1000, other.effect), Clock.Clock, clock)
      )
      yield* TestClock.adjust(500)
      assert.strictEqual(sleeping(), 1)
      yield* TestClock.adjust(1000)
      yield* Fiber.interrupt(fiber)
      assert.isTrue(slow.record.interrupted)
      assert.isTrue(other.record.interrupted)
      assert.strictEqual(sleeping(), 0)
    }))

  it.effect("P7.2: does not start an inner effect at the moment when an outer limit ends it", () =>
    Effect.gen(function*() {
      const { effect, record } = recorded(Effect.never)
      const nested = Timeouts.timeoutAfter(
        Timeouts.timeoutAfter(Effect.never, 1000, effect),
        1000,
        Effect.fail("timeout")
      )
      assert.deepStrictEqual(yield* exitAfter(1000, nested), Exit.fail("timeout"))
      assert.deepStrictEqual(record, { started: false, interrupted: false })
    }))
})

describe("timeoutAt", () => {
  it.effect("P7.2: does not start the second of two effects with the same limit if the first completes", () =>
    Effect.gen(function*() {
      const { effect, record } = recorded(Effect.never)
      const clock = yield* Clock.Clock
      const timeouts = [Timeouts.after(clock, 1000, Effect.fail("timeout")), Timeouts.after(clock, 1000, effect)]
      const exit = yield* exitAfter(1000, Timeouts.timeoutAt(Effect.never, timeouts))
      assert.deepStrictEqual(exit, Exit.fail("timeout"))
      assert.isFalse(record.started)
    }))

  it.effect("starts each effect at its limit, and completes with the first of all", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const slow = recorded(Effect.never)
      const first = recorded(Effect.never)
      const second = recorded(Effect.fail("timeout"))
      const timeouts = [Timeouts.after(clock, 1000, first.effect), Timeouts.after(clock, 2000, second.effect)]
      const fiber = yield* Effect.forkChild(Timeouts.timeoutAt(slow.effect, timeouts))
      yield* TestClock.adjust(1999)
      assert.deepStrictEqual([first.record.started, second.record.started], [true, false])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(fiber.pollUnsafe(), Exit.fail("timeout"))
      assert.deepStrictEqual([slow.record.interrupted, first.record.interrupted], [true, true])
    }))

  it.effect("holds several steps to one limit", () =>
    Effect.gen(function*() {
      const timeout = Timeouts.after(yield* Clock.Clock, 1000, Effect.succeed("timeout"))
      const steps = Effect.andThen(
        Timeouts.timeoutAt(delayed(600, "first"), [timeout]),
        Timeouts.timeoutAt(Effect.never, [timeout])
      )
      const fiber = yield* Effect.forkChild(steps)
      yield* TestClock.adjust(999)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(fiber.pollUnsafe(), Exit.succeed("timeout"))
    }))

  it.effect("does not start the effect if the limit is already reached", () =>
    Effect.gen(function*() {
      const timeout = Timeouts.after(yield* Clock.Clock, 1000, Effect.succeed("timeout"))
      yield* TestClock.adjust(1000)
      const slow = recorded(Effect.succeed("slow"))
      assert.strictEqual(yield* Timeouts.timeoutAt(slow.effect, [timeout]), "timeout")
      assert.isFalse(slow.record.started)
    }))
})
