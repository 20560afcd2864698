import * as Timeouts from "@effect-signalwire/runtime/Timeouts"
import { assert, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"

const after = <A>(millis: number, value: A) => Effect.as(Effect.sleep(millis), value)

/** Whether an effect was begun, and whether it was interrupted. */
const watched = <A, E>(self: Effect.Effect<A, E>) => {
  const seen = { begun: false, interrupted: false }
  const effect = Effect.suspend(() => {
    seen.begun = true
    return Effect.onInterrupt(self, () =>
      Effect.sync(() => {
        seen.interrupted = true
      }))
  })
  return { seen, effect }
}

/** What comes of an effect when so much time passes. */
const passing = <A, E>(millis: number, self: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(self)
    yield* TestClock.adjust(millis)
    return fiber.pollUnsafe()
  })

/** The clock of the test, and how many sleep by it. */
const countingClock = Effect.map(Clock.Clock, (clock) => {
  let count = 0
  const sleep: Clock.Clock["sleep"] = (duration) =>
    Effect.suspend(() => {
      count++
      return Effect.ensuring(clock.sleep(duration), Effect.sync(() => count--))
    })
  return { asleep: () => count, clock: { ...clock, sleep } }
})

it.effect("what ends in time is all that is done", () =>
  Effect.gen(function*() {
    const late = watched(Effect.succeed("late"))
    const exit = yield* passing(2000, Timeouts.timeoutAfter(after(999, "in time"), 1000, late.effect))
    assert.deepStrictEqual(exit, Exit.succeed("in time"))
    assert.isFalse(late.seen.begun)
  }))

it.effect("a failure in time is what comes of it", () =>
  Effect.gen(function*() {
    const exit = yield* passing(2000, Timeouts.timeoutAfter(Effect.flip(after(10, "no")), 1000, Effect.succeed("late")))
    assert.deepStrictEqual(exit, Exit.fail("no"))
  }))

it.effect("what stands in for something slow ends it", () =>
  Effect.gen(function*() {
    const slow = watched(Effect.never)
    const exit = yield* passing(1000, Timeouts.timeoutAfter(slow.effect, 1000, Effect.fail("timeout")))
    assert.deepStrictEqual(exit, Exit.fail("timeout"))
    assert.isTrue(slow.seen.interrupted)
  }))

it.effect("it is not begun before its time", () =>
  Effect.gen(function*() {
    const late = watched(Effect.succeed("late"))
    assert.isUndefined(yield* passing(999, Timeouts.timeoutAfter(Effect.never, 1000, late.effect)))
    assert.isFalse(late.seen.begun)
  }))

it.effect("something slow that ends first after all is what comes of it", () =>
  Effect.gen(function*() {
    const late = watched(Effect.never)
    const exit = yield* passing(1500, Timeouts.timeoutAfter(after(1500, "slow"), 1000, late.effect))
    assert.deepStrictEqual(exit, Exit.succeed("slow"))
    assert.deepStrictEqual(late.seen, { begun: true, interrupted: true })
  }))

it.effect("without any time, only what stands in is done", () =>
  Effect.gen(function*() {
    const slow = watched(Effect.succeed("slow"))
    assert.strictEqual(yield* Timeouts.timeoutAfter(slow.effect, 0, Effect.succeed("late")), "late")
    assert.isFalse(slow.seen.begun)
  }))

it.effect("an interruption ends both, and the timer with them", () =>
  Effect.gen(function*() {
    const { asleep, clock } = yield* countingClock
    const slow = watched(Effect.never)
    const late = watched(Effect.never)
    const fiber = yield* Effect.forkChild(
      Effect.provideService(Timeouts.timeoutAfter(slow.effect, 1000, late.effect), Clock.Clock, clock)
    )
    yield* TestClock.adjust(500)
    assert.strictEqual(asleep(), 1)
    yield* TestClock.adjust(1000)
    yield* Fiber.interrupt(fiber)
    assert.isTrue(slow.seen.interrupted)
    assert.isTrue(late.seen.interrupted)
    assert.strictEqual(asleep(), 0)
  }))

it.effect("the timer ends soon after the last who waited", () =>
  Effect.gen(function*() {
    const { asleep, clock } = yield* countingClock
    for (let n = 0; n < 3; n++) {
      yield* Effect.provideService(
        Timeouts.timeoutAfter(Effect.yieldNow, 30_000, Effect.never),
        Clock.Clock,
        clock
      )
    }
    assert.strictEqual(asleep(), 1)
    yield* TestClock.adjust(100)
    assert.strictEqual(asleep(), 0)
  }))

it.effect("P7.2: what was to be done at the moment at which something around it ends is not begun", () =>
  Effect.gen(function*() {
    const { effect, seen } = watched(Effect.never)
    const nested = Timeouts.timeoutAfter(
      Timeouts.timeoutAfter(Effect.never, 1000, effect),
      1000,
      Effect.fail("timeout")
    )
    assert.deepStrictEqual(yield* passing(1000, nested), Exit.fail("timeout"))
    assert.deepStrictEqual(seen, { begun: false, interrupted: false })
  }))

it.effect("P7.2: of two alarms at one moment the second rings only while the first has not ended it", () =>
  Effect.gen(function*() {
    const { effect, seen } = watched(Effect.never)
    const clock = yield* Clock.Clock
    const alarms = [Timeouts.after(clock, 1000, Effect.fail("timeout")), Timeouts.after(clock, 1000, effect)]
    assert.deepStrictEqual(yield* passing(1000, Timeouts.timeoutAt(Effect.never, alarms)), Exit.fail("timeout"))
    assert.isFalse(seen.begun)
  }))

it.effect("who comes later with less time is told first", () =>
  Effect.gen(function*() {
    const told: Array<number> = []
    const waiting = (millis: number) =>
      Timeouts.timeoutAfter(Effect.never, millis, Effect.sync(() => told.push(millis)))
    yield* Effect.forkChild(Effect.forEach([5000, 50, 70, 150], waiting, { concurrency: "unbounded" }))
    yield* TestClock.adjust(60)
    assert.deepStrictEqual(told, [50])
    yield* TestClock.adjust(100)
    assert.deepStrictEqual(told, [50, 70, 150])
    yield* TestClock.adjust(5000)
    assert.deepStrictEqual(told, [50, 70, 150, 5000])
  }))

it.effect("who is told may wait again", () =>
  Effect.gen(function*() {
    const again = Timeouts.timeoutAfter(Effect.never, 20, Effect.succeed("twice"))
    const exit = yield* passing(1020, Timeouts.timeoutAfter(Effect.never, 1000, again))
    assert.deepStrictEqual(exit, Exit.succeed("twice"))
  }))

it.effect("of several alarms each rings in its time, and the first of all to end is what comes of it", () =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    const slow = watched(Effect.never)
    const early = watched(Effect.never)
    const late = watched(Effect.fail("timeout"))
    const alarms = [Timeouts.after(clock, 1000, early.effect), Timeouts.after(clock, 2000, late.effect)]
    const fiber = yield* Effect.forkChild(Timeouts.timeoutAt(slow.effect, alarms))
    yield* TestClock.adjust(1999)
    assert.deepStrictEqual([early.seen.begun, late.seen.begun], [true, false])
    yield* TestClock.adjust(1)
    assert.deepStrictEqual(fiber.pollUnsafe(), Exit.fail("timeout"))
    assert.deepStrictEqual([slow.seen.interrupted, early.seen.interrupted], [true, true])
  }))

it.effect("an alarm that is handed on counts what has passed already", () =>
  Effect.gen(function*() {
    const alarm = Timeouts.after(yield* Clock.Clock, 1000, Effect.succeed("late"))
    const steps = Effect.andThen(
      Timeouts.timeoutAt(after(600, "first"), [alarm]),
      Timeouts.timeoutAt(Effect.never, [alarm])
    )
    const fiber = yield* Effect.forkChild(steps)
    yield* TestClock.adjust(999)
    assert.isUndefined(fiber.pollUnsafe())
    yield* TestClock.adjust(1)
    assert.deepStrictEqual(fiber.pollUnsafe(), Exit.succeed("late"))
  }))

it.effect("nothing is begun when an alarm's time is past", () =>
  Effect.gen(function*() {
    const alarm = Timeouts.after(yield* Clock.Clock, 1000, Effect.succeed("late"))
    yield* TestClock.adjust(1000)
    const slow = watched(Effect.succeed("slow"))
    assert.strictEqual(yield* Timeouts.timeoutAt(slow.effect, [alarm]), "late")
    assert.isFalse(slow.seen.begun)
  }))

/** A callback that is never called by itself. */
const called = () => {
  const seen: { resume: (value: string) => void; aborted: () => boolean } = {
    resume: () => assert.fail("it was not begun"),
    aborted: () => false
  }
  const effect = Timeouts.callback<string, never, never, string>(
    (resume, signal) => {
      seen.resume = (value) => resume(Effect.succeed(value))
      seen.aborted = () => signal.aborted
    },
    1000,
    Effect.fail("timeout")
  )
  return { seen, effect }
}

it.effect("a callback in time is what comes of it, and is not aborted", () =>
  Effect.gen(function*() {
    const { effect, seen } = called()
    const fiber = yield* Effect.forkChild(effect)
    yield* TestClock.adjust(999)
    seen.resume("in time")
    yield* TestClock.adjust(1000)
    assert.deepStrictEqual(fiber.pollUnsafe(), Exit.succeed("in time"))
    assert.isFalse(seen.aborted())
  }))

it.effect("a callback that takes too long is aborted, and what stands in for it is what comes of it", () =>
  Effect.gen(function*() {
    const { effect, seen } = called()
    const exit = yield* passing(1000, effect)
    seen.resume("too late")
    assert.deepStrictEqual(exit, Exit.fail("timeout"))
    assert.isTrue(seen.aborted())
  }))

it.effect("a callback that is interrupted is aborted, and its timer ends", () =>
  Effect.gen(function*() {
    const { asleep, clock } = yield* countingClock
    const { effect, seen } = called()
    const fiber = yield* Effect.forkChild(Effect.provideService(effect, Clock.Clock, clock))
    yield* TestClock.adjust(10)
    yield* Fiber.interrupt(fiber)
    assert.isTrue(seen.aborted())
    assert.strictEqual(asleep(), 0)
  }))
