import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as MessageChannelScheduler from "../src/MessageChannelScheduler.ts"

/** A channel that delivers its messages when the test calls `receive`. */
const start = () => {
  let sent = 0
  let receive = () => {}
  const port1 = {
    addEventListener: (_: string, listener: () => void) => {
      receive = listener
    },
    start: () => {}
  }
  const scheduler = MessageChannelScheduler.make({ port1, port2: { postMessage: () => void sent++ } })
  return { scheduler, sent: () => sent, receive: () => receive() }
}

describe("MessageChannelScheduler", () => {
  it("continues when its message is received, and not before", () => {
    const { receive, scheduler, sent } = start()
    const fiber = Effect.runFork(Effect.as(Effect.yieldNow, "done"), { scheduler })
    assert.strictEqual(sent(), 1)
    assert.isUndefined(fiber.pollUnsafe())
    receive()
    assert.isDefined(fiber.pollUnsafe())
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

  it("is undefined on Node", () => {
    assert.isTrue(Option.isNone(MessageChannelScheduler.forPlatform()))
  })

  it.effect("does not change programs on platforms that do not need it", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.as(Effect.yieldNow, 1))
      assert.strictEqual(yield* Fiber.join(fiber), 1)
    }).pipe(Effect.provide(MessageChannelScheduler.layer)))
})
