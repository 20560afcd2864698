/** Calling functions of the user: in order, with a limit, and whatever they throw. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import * as TestClock from "effect/testing/TestClock"
import { assert, describe, it, vi } from "vitest"
import { CallbackRunner } from "../src/internal/callbackRunner.ts"
import { safeCallback } from "../src/internal/safeCallback.ts"
import { eventLoopTurns } from "./support.ts"

/** A runner whose calls the test completes, except those of items that begin with `now`, which are done at once. */
const start = (concurrency: number) => {
  const called: Array<string> = []
  const slow: Array<number> = []
  const completions: Array<() => void> = []
  const runner = new CallbackRunner<string>((text) => {
    called.push(text)
    return text.startsWith("now") ? undefined : new Promise<void>((resolve) => void completions.push(resolve))
  }, { concurrency, onSlow: (seconds) => void slow.push(seconds) })
  return {
    runner,
    called,
    slow,
    complete: () => {
      completions.shift()?.()
      return eventLoopTurns(2)
    }
  }
}

const never = () => false

describe("callbacks", () => {
  it("P5.4: are called one after the other, each when the previous one is done", async () => {
    const { called, complete, runner } = start(1)
    const fiber = Effect.runFork(runner.runAll(["a", "b", "now c", "d"], never))
    assert.deepStrictEqual(called, ["a"])
    await complete()
    assert.deepStrictEqual(called, ["a", "b"])
    await complete()
    assert.deepStrictEqual(called, ["a", "b", "now c", "d"])
    assert.strictEqual(fiber.pollUnsafe()?._tag, "Success")
  })

  it("P5.4: are called as often at once as is allowed, also for several batches", async () => {
    const { called, complete, runner } = start(2)
    const fiber = Effect.runFork(Effect.andThen(runner.runAll(["a"], never), runner.runAll(["b", "c", "d"], never)))
    assert.deepStrictEqual(called, ["a", "b"])
    await complete()
    assert.deepStrictEqual(called, ["a", "b", "c"])
    await complete()
    assert.deepStrictEqual(called, ["a", "b", "c", "d"])
    assert.strictEqual(fiber.pollUnsafe()?._tag, "Success")
  })

  it("P7.2: are not called once the subscription has stopped, also while one is pending", async () => {
    const { called, complete, runner } = start(1)
    let isStopped = false
    const fiber = Effect.runFork(runner.runAll(["a", "b"], () => isStopped))
    isStopped = true
    await complete()
    assert.deepStrictEqual(called, ["a"])
    assert.strictEqual(fiber.pollUnsafe()?._tag, "Success")
  })

  it("go on if the pending one is done before anything waits for it", async () => {
    const { called, complete, runner } = start(1)
    // the fiber lets other tasks run before every fourth of its steps
    const fiber = Effect.runFork(
      Effect.provideService(runner.runAll(["a", "b"], never), Scheduler.MaxOpsBeforeYield, 4)
    )
    await vi.waitFor(() => assert.deepStrictEqual(called, ["a"]), { interval: 0 })
    await complete()
    await vi.waitFor(() => assert.strictEqual(fiber.pollUnsafe()?._tag, "Success"))
    assert.deepStrictEqual(called, ["a", "b"])
  })

  it("are reported once when items have waited for 30 seconds", () =>
    Effect.runPromise(
      Effect.gen(function*() {
        const { called, complete, runner, slow } = start(1)
        const fiber = yield* Effect.forkChild(runner.runAll(["a", "b"], never))
        yield* TestClock.adjust("29999 millis")
        assert.deepStrictEqual(slow, [])
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual([slow, called], [[30], ["a"]])
        yield* Effect.promise(complete)
        yield* Fiber.join(fiber)
        assert.deepStrictEqual(called, ["a", "b"])
      }).pipe(Effect.provide(TestClock.layer()))
    ))
})

describe("a safe callback", () => {
  const record = (callback: (text: string) => unknown) => {
    const errors: Array<unknown> = []
    return { errors, call: safeCallback(callback, (error) => void errors.push(error)) }
  }

  it("gets its arguments, and returns nothing to wait for", () => {
    const texts: Array<string> = []
    const { call, errors } = record((text) => texts.push(text))
    assert.isUndefined(call("a"))
    assert.deepStrictEqual([texts, errors], [["a"], []])
  })

  it.each<[string, unknown]>([
    ["null", null],
    ["a function", () => {}],
    // oxlint-disable-next-line unicorn/no-thenable -- its `then` is not a function
    ["an object whose then is no function", { then: 1 }]
  ])("returns nothing to wait for when it returned %s", (_, result) => {
    assert.isUndefined(record(() => result).call("a"))
  })

  it("P5.2: passes on what it throws", () => {
    const { call, errors } = record(() => {
      throw "mine"
    })
    assert.isUndefined(call("a"))
    assert.deepStrictEqual(errors, ["mine"])
  })

  it("P5.2: passes on what its Promise rejects with, and returns one that resolves", async () => {
    const { call, errors } = record(() => Promise.reject("mine"))
    await call("a")
    assert.deepStrictEqual(errors, ["mine"])
  })

  it("waits for anything with a then method", async () => {
    let isDone = false
    const thenable = {
      // oxlint-disable-next-line unicorn/no-thenable -- what other libraries of promises return
      then: (resolve: (value: unknown) => void) => {
        isDone = true
        resolve(undefined)
      }
    }
    await record(() => thenable).call("a")
    assert.isTrue(isDone)
  })
})
