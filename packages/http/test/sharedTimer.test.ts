import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Scheduler from "effect/Scheduler"
import * as TestClock from "effect/testing/TestClock"
import * as SharedTimer from "../src/internal/sharedTimer.ts"

/** The timer of a test's clock, which records the sleeps that it begins, and what has fired. */
const start = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const scheduler = yield* Scheduler.Scheduler
  const fired: Array<string> = []
  let sleeps = 0
  const sleep: Clock.Clock["sleep"] = (duration) =>
    Effect.suspend(() => {
      sleeps++
      return clock.sleep(duration)
    })
  const timer = SharedTimer.forClock({ ...clock, sleep })
  const entry = (name: string, at: number, fire = () => {}): SharedTimer.Entry => ({
    at,
    fire: () => {
      fired.push(name)
      fire()
    }
  })
  const add = (added: SharedTimer.Entry) => timer.add(added, scheduler)
  return { timer, entry, add, fired, sleeps: () => sleeps }
})

describe("a shared timer", () => {
  it.effect("is one for each clock", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      assert.strictEqual(SharedTimer.forClock(clock), SharedTimer.forClock(clock))
      assert.notStrictEqual(SharedTimer.forClock(clock), SharedTimer.forClock({ ...clock }))
    }))

  it.effect("fires each entry once, at its time", () =>
    Effect.gen(function*() {
      const { add, entry, fired } = yield* start
      add(entry("late", 1000))
      add(entry("early", 50))
      yield* TestClock.adjust(49)
      assert.deepStrictEqual(fired, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(fired, ["early"])
      yield* TestClock.adjust(949)
      assert.deepStrictEqual(fired, ["early"])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(fired, ["early", "late"])
      yield* TestClock.adjust(10_000)
      assert.deepStrictEqual(fired, ["early", "late"])
    }))

  it.effect("fires the others although one throws", () =>
    Effect.gen(function*() {
      const { add, entry, fired } = yield* start
      add(entry("bad", 50, () => {
        throw new Error("a bug")
      }))
      add(entry("good", 50))
      add(entry("later", 60))
      yield* TestClock.adjust(60)
      assert.deepStrictEqual(fired, ["bad", "good", "later"])
    }))

  it.effect("does not fire an entry that another one has removed, nor one that was removed before", () =>
    Effect.gen(function*() {
      const { add, entry, fired, timer } = yield* start
      const second = entry("second", 50)
      const removed = entry("removed", 50)
      add(entry("first", 50, () => timer.remove(second)))
      add(second)
      add(removed)
      timer.remove(removed)
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(fired, ["first"])
    }))

  it.effect("fires an entry that is added while others fire, or after all have fired", () =>
    Effect.gen(function*() {
      const { add, entry, fired } = yield* start
      add(entry("first", 50, () => add(entry("second", 70))))
      yield* TestClock.adjust(70)
      assert.deepStrictEqual(fired, ["first", "second"])
      add(entry("third", 170))
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(fired, ["first", "second", "third"])
    }))

  it.effect("sleeps a hundred milliseconds at most, and not again for an entry that is due later", () =>
    Effect.gen(function*() {
      const { add, entry, sleeps } = yield* start
      add(entry("a", 1000))
      yield* TestClock.adjust(0)
      add(entry("b", 900))
      add(entry("c", 100))
      yield* TestClock.adjust(0)
      assert.strictEqual(sleeps(), 1)
      add(entry("d", 99))
      yield* TestClock.adjust(0)
      assert.strictEqual(sleeps(), 2)
    }))

  it.effect("stops at once when it is idle, and only then", () =>
    Effect.gen(function*() {
      const { add, entry, fired, timer } = yield* start
      const removed = entry("removed", 50)
      add(removed)
      add(entry("kept", 50))
      timer.remove(removed)
      timer.stopIfIdle()
      yield* TestClock.adjust(50)
      assert.deepStrictEqual(fired, ["kept"])
      assert.strictEqual(timer.now(), 50)
    }))
})
