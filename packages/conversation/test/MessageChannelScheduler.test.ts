import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as MessageChannelScheduler from "../src/MessageChannelScheduler.ts"

/** A channel that delivers its messages when the test calls `receive`. */
const start = () => {
  let sent = 0
  let receive = () => {}
  const calls: Array<string> = []
  const port1 = {
    addEventListener: (type: string, listener: () => void) => {
      calls.push(`listen to ${type}`)
      receive = listener
    },
    start: () => void calls.push("start"),
    unref: () => void calls.push("unref")
  }
  const scheduler = MessageChannelScheduler.make({ port1, port2: { postMessage: () => void sent++ } })
  return { scheduler, calls, sent: () => sent, receive: () => receive() }
}

describe("MessageChannelScheduler", () => {
  it("continues when its message is received, and not before", () => {
    const { receive, scheduler, sent } = start()
    const fiber = Effect.runFork(Effect.as(Effect.yieldNow, "done"), { scheduler })
    assert.strictEqual(sent(), 1)
    assert.isUndefined(fiber.pollUnsafe())
    receive()
    assert.strictEqual(fiber.pollUnsafe()?._tag, "Success")
  })

  it("sends one message for all scheduled tasks, and another for tasks that they schedule", () => {
    const { receive, scheduler, sent } = start()
    const order: Array<string> = []
    const dispatcher = scheduler.makeDispatcher()
    dispatcher.scheduleTask(() => {
      order.push("first")
      dispatcher.scheduleTask(() => order.push("third"), 0)
    }, 0)
    dispatcher.scheduleTask(() => order.push("second"), 0)
    receive()
    assert.deepStrictEqual([order, sent()], [["first", "second"], 2])
    receive()
    assert.deepStrictEqual(order, ["first", "second", "third"])
  })

  it("does not run a task at the message of one that was run at once", () => {
    const { receive, scheduler } = start()
    const order: Array<string> = []
    const dispatcher = scheduler.makeDispatcher()
    dispatcher.scheduleTask(() => order.push("first"), 0)
    dispatcher.flush()
    dispatcher.scheduleTask(() => order.push("second"), 0)
    receive()
    assert.deepStrictEqual(order, ["first"])
    receive()
    assert.deepStrictEqual(order, ["first", "second"])
    // a message of other code
    receive()
  })

  it("runs programs asynchronously", () => {
    assert.strictEqual(start().scheduler.executionMode, "async")
  })

  it("receives the messages of its channel, which does not keep a process alive", () => {
    assert.deepStrictEqual(start().calls, ["listen to message", "start", "unref"])
  })

  it.each([
    { platform: "Node", globals: [], isNeeded: false },
    { platform: "a page", globals: ["MessageChannel", "document"], isNeeded: true },
    { platform: "a worker of a page", globals: ["MessageChannel", "importScripts"], isNeeded: true },
    { platform: "a page with setImmediate", globals: ["MessageChannel", "document", "setImmediate"], isNeeded: false },
    { platform: "a server without setImmediate", globals: ["MessageChannel"], isNeeded: false },
    { platform: "a page without MessageChannel", globals: ["document"], isNeeded: false }
  ])("is made once, where it is needed: $platform", ({ globals, isNeeded, platform }) => {
    class MessageChannel {
      readonly port1 = { addEventListener: () => {}, start: () => {} }
      readonly port2 = { postMessage: () => {} }
    }
    const names = ["MessageChannel", "document", "importScripts", "setImmediate"]
    const before = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name))
    try {
      if (platform !== "Node") {
        for (const name of names) {
          Reflect.deleteProperty(globalThis, name)
          const value = name === "MessageChannel" ? MessageChannel : {}
          if (globals.includes(name)) Object.defineProperty(globalThis, name, { value, configurable: true })
        }
      }
      const made = MessageChannelScheduler.forPlatform()
      assert.strictEqual(Option.isSome(made), isNeeded)
      assert.strictEqual(Option.getOrUndefined(MessageChannelScheduler.forPlatform()), Option.getOrUndefined(made))
    } finally {
      for (const [index, name] of names.entries()) {
        const descriptor = before[index]
        Reflect.deleteProperty(globalThis, name)
        if (descriptor !== undefined) Object.defineProperty(globalThis, name, descriptor)
      }
    }
  })

  it.effect("does not change programs on platforms that do not need it", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.as(Effect.yieldNow, 1))
      assert.strictEqual(yield* Fiber.join(fiber), 1)
    }).pipe(Effect.provide(MessageChannelScheduler.layer)))
})
