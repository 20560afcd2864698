/** The runner of a client: what ends the Effects that it runs, and with which errors. */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as MessageChannelScheduler from "@effect-signalwire/conversation/MessageChannelScheduler"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scheduler from "effect/Scheduler"
import * as Stream from "effect/Stream"
import { assert, describe, it, vi } from "vitest"
import * as Runner from "../src/internal/runner.ts"
import { makeCountingSignal } from "./countingSignal.ts"
import { rejection } from "./support.ts"

class Greeting extends Context.Service<Greeting, string>()("test/Greeting") {}

/** A runner with one service, and what has happened, in order. */
const make = async () => {
  const happened: Array<string> = []
  const note = (text: string) => Effect.sync(() => void happened.push(text))
  const services = Effect.as(
    Effect.addFinalizer(() => note("released")),
    Context.make(Greeting, "hello")
  )
  return { runner: await Runner.make(services), happened, note }
}

const reasonOf = (error: unknown) => error instanceof ConversationError ? error.reason._tag : error

describe("a runner", () => {
  it("runs effects with its services", async () => {
    const { runner } = await make()
    assert.strictEqual(await runner.run(Greeting.useSync((text) => `${text} there`)), "hello there")
    assert.strictEqual(runner.runSync(Greeting.useSync((text) => text)), "hello")
    await runner.close()
  })

  it("runs effects by messages in pages, which have no setImmediate", async () => {
    const { setImmediate } = globalThis
    Reflect.deleteProperty(globalThis, "setImmediate")
    vi.stubGlobal("document", {})
    try {
      const runner = await Runner.make(Effect.succeed(Context.empty()))
      const scheduler = await runner.run(Effect.gen(function*() {
        return yield* Scheduler.Scheduler
      }))
      assert.strictEqual(scheduler, Option.getOrThrow(MessageChannelScheduler.forPlatform()))
      await runner.close()
    } finally {
      globalThis.setImmediate = setImmediate
      vi.unstubAllGlobals()
    }
  })

  it("rejects with what an effect fails with, or dies of", async () => {
    const { runner } = await make()
    assert.strictEqual(await rejection(runner.run(Effect.fail("failed"))), "failed")
    assert.strictEqual(await rejection(runner.run(Effect.die("died"))), "died")
    assert.throws(() => runner.runSync(Effect.die(new Error("died"))), "died")
    await runner.close()
  })

  it("does not run effects synchronously that have to wait", async () => {
    const { runner } = await make()
    assert.throws(() => runner.runSync(Effect.never), "not synchronous")
    await runner.close()
  })

  it("rejects with Closed what is pending when it closes, and releases its services after it", async () => {
    const { happened, note, runner } = await make()
    const pending = rejection(runner.run(Effect.onInterrupt(Effect.never, () => note("interrupted"))))
    runner.start(Effect.onInterrupt(Effect.never, () => note("stopped")))
    assert.isFalse(runner.isClosed())
    const closing = [runner.close(), runner.close()]
    assert.isTrue(runner.isClosed())
    await Promise.all(closing)
    assert.sameMembers(happened.slice(0, 2), ["interrupted", "stopped"])
    assert.deepStrictEqual(happened.slice(2), ["released"])
    assert.strictEqual(reasonOf(await pending), "Closed")
    assert.strictEqual(reasonOf(await rejection(runner.run(Effect.void))), "Closed")
    await runner.close()
    assert.lengthOf(happened, 3)
  })

  it("closes only when its effects have released their resources", async () => {
    const { happened, note, runner } = await make()
    const gate = Deferred.makeUnsafe<void>()
    runner.start(Effect.onInterrupt(Effect.never, () => Effect.andThen(Deferred.await(gate), note("stopped"))))
    let isClosed = false
    const closing = runner.close().then(() => {
      isClosed = true
    })
    await Promise.resolve()
    assert.deepStrictEqual([isClosed, happened], [false, []])
    Deferred.doneUnsafe(gate, Effect.void)
    await closing
    assert.deepStrictEqual(happened, ["stopped", "released"])
  })

  it("stops an effect in the background, and waits until it has released its resources", async () => {
    const { happened, note, runner } = await make()
    const { stop } = runner.start(
      Effect.onInterrupt(Effect.never, () => Effect.andThen(Effect.yieldNow, note("stopped")))
    )
    await stop()
    assert.deepStrictEqual(happened, ["stopped"])
    await stop()
    await runner.close()
    assert.deepStrictEqual(happened, ["stopped", "released"])
  })

  it("P7.2: interrupts an effect when its signal is aborted, and rejects with the reason", async () => {
    const { happened, note, runner } = await make()
    const controller = new AbortController()
    const pending = rejection(
      runner.run(Effect.onInterrupt(Effect.never, () => note("interrupted")), { signal: controller.signal })
    )
    controller.abort("reason")
    assert.strictEqual(await pending, "reason")
    assert.deepStrictEqual(happened, ["interrupted"])
    assert.strictEqual(await rejection(runner.run(note("run"), { signal: controller.signal })), "reason")
    assert.deepStrictEqual(happened, ["interrupted"])
    await runner.close()
  })

  it("P7.2: rejects with a failure rather than with the reason of a signal that is aborted later", async () => {
    const { runner } = await make()
    const controller = new AbortController()
    const failing = Effect.suspend(() => {
      controller.abort("reason")
      return Effect.fail("failed")
    })
    const error = await rejection(runner.run(Effect.uninterruptible(failing), { signal: controller.signal }))
    assert.strictEqual(error, "failed")
    await runner.close()
  })

  it("P7.2: leaves no listener at a signal", async () => {
    const { runner } = await make()
    const { signal, ...counts } = makeCountingSignal()
    await runner.run(Effect.void, { signal })
    await rejection(runner.run(Effect.fail("failed"), { signal }))
    assert.strictEqual(counts.listeners(), 0)
    await runner.close()
  })

  it.each([[5], ["signal"], [{}], [{ aborted: false }]])("rejects an invalid signal: %j", async (signal) => {
    const { runner } = await make()
    const untyped: object = { signal }
    const error = await rejection(runner.run(Effect.void, untyped))
    assert.strictEqual(reasonOf(error), "Invalid")
    await runner.close()
  })

  it("rejects when its services cannot be built, and releases what was built", async () => {
    const happened: Array<string> = []
    const services = Effect.andThen(
      Effect.addFinalizer(() => Effect.sync(() => void happened.push("released"))),
      Effect.fail("broken")
    )
    assert.strictEqual(await rejection(Runner.make(services)), "broken")
    assert.deepStrictEqual(happened, ["released"])
  })

  it("P7.2: iterates until it closes, and does not begin afterwards", async () => {
    const { runner } = await make()
    const iterate = (options: object = {}) =>
      runner.iterate(
        Effect.succeed(Stream.concat(Stream.make(1, 2), Stream.never)),
        (value) => `${value}`,
        (error) => error,
        options
      )
    const items = iterate()
    assert.deepStrictEqual([await items.next(), await items.next()], [
      { done: false, value: "1" },
      { done: false, value: "2" }
    ])
    const pending = items.next()
    await runner.close()
    assert.deepStrictEqual(await pending, { done: true, value: undefined })
    assert.strictEqual(reasonOf(await rejection(iterate().next())), "Closed")
    assert.strictEqual(reasonOf(await rejection(iterate({ signal: 5 }).next())), "Invalid")
  })
})
