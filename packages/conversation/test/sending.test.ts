import type { SendReceipt } from "@effect-signalwire/http/SignalWireHttp"
import { ClientId, ConversationId } from "@effect-signalwire/schema/Ids"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import type { Delivery, Earlier } from "../src/internal/delivery.ts"
import * as Sending from "../src/internal/sending.ts"

/** Sends whose deliveries the test ends: what was begun, in order, and what ends each. */
const start = () => {
  const begun: Array<string> = []
  const ends = new Map<string, Deferred.Deferred<SendReceipt>>()
  const delivery: Delivery = {
    deliver: ({ text }) =>
      Effect.suspend(() => {
        begun.push(text)
        const end = Deferred.makeUnsafe<SendReceipt>()
        ends.set(text, end)
        return Deferred.await(end)
      })
  }
  const sending = Sending.make(delivery, { deadlineMillis: 60_000, capacity: 10 })
  return {
    begun,
    send: (text: string, addressId = "a", earlier: Earlier | null = null) =>
      Effect.forkChild(sending.send({ addressId, text, clientId: ClientId.make(text), earlier }), {
        startImmediately: true
      }),
    deliver: (text: string) => {
      const end = ends.get(text)
      assert.isDefined(end)
      Deferred.doneUnsafe(end, Effect.succeed({ conversationId: ConversationId.make("c"), groupId: null }))
    }
  }
}

/** It was sent before, and nobody knows what became of it. */
const open: Earlier = { wasSent: true, underWayMillis: 0, sentAt: 0, sinceSeconds: null }

/** Lets everything that is ready run. */
const settle = TestClock.adjust(0)

describe("a line of sends", () => {
  it.effect("P4.3: begins each when the one before it is done, and another conversation's at once", () =>
    Effect.gen(function*() {
      const { begun, deliver, send } = start()
      yield* send("1")
      yield* send("2")
      yield* send("other", "b")
      assert.deepStrictEqual(begun, ["1", "other"])
      deliver("1")
      yield* settle
      assert.deepStrictEqual(begun, ["1", "other", "2"])
    }))

  it.effect.each([["was sent before", open, "Unconfirmed", "unknown"], ["was not", null, "Timeout", "no"]] as const)(
    "P4.6: says of a message whose turn does not come in time, and which %s, what is known of it",
    ([, earlier, tag, stored]) =>
      Effect.gen(function*() {
        const { send } = start()
        yield* send("1")
        const second = yield* Effect.flip(
          Fiber.join(yield* Effect.tap(send("2", "a", earlier), () => TestClock.adjust("1 minute")))
        )
        assert.deepStrictEqual([second.reason._tag, second.stored], [tag, stored])
      })
  )

  it.effect("P4.6: says of a message for which there is no room, and which was sent before, that it may be stored", () =>
    Effect.gen(function*() {
      const { send } = start()
      for (let n = 0; n < 10; n++) yield* send(`${n}`)
      const error = yield* Effect.flip(Fiber.join(yield* send("again", "a", open)))
      assert.deepStrictEqual([error.reason._tag, error.stored], ["Unconfirmed", "unknown"])
    }))

  it.effect("P4.3: lets nobody pass when one gives up while it waits", () =>
    Effect.gen(function*() {
      const { begun, deliver, send } = start()
      yield* send("1")
      const second = yield* send("2")
      const third = yield* send("3")
      yield* send("4")
      yield* Fiber.interrupt(second)
      yield* Fiber.interrupt(third)
      assert.deepStrictEqual(begun, ["1"])
      deliver("1")
      yield* settle
      assert.deepStrictEqual(begun, ["1", "4"])
    }))

  it.effect("P4.3: lets nobody pass when the last of it gives up", () =>
    Effect.gen(function*() {
      const { begun, deliver, send } = start()
      yield* send("1")
      yield* Fiber.interrupt(yield* send("2"))
      yield* Fiber.interrupt(yield* send("3"))
      yield* send("4")
      assert.deepStrictEqual(begun, ["1"])
      deliver("1")
      yield* settle
      assert.deepStrictEqual(begun, ["1", "4"])
    }))

  it.effect("P7.2: fails with a timeout what never had its turn", () =>
    Effect.gen(function*() {
      const { begun, send } = start()
      yield* send("1")
      const second = yield* send("2")
      yield* TestClock.adjust("1 minute")
      const error = yield* Effect.flip(Fiber.join(second))
      assert.strictEqual(error.reason._tag, "Timeout")
      assert.deepStrictEqual(begun, ["1"])
    }))

  it.effect("P4.3: is worked off however long it is, also where each is done at once", () =>
    Effect.gen(function*() {
      const receipt: SendReceipt = { conversationId: ConversationId.make("c"), groupId: null }
      const first = Deferred.makeUnsafe<SendReceipt>()
      let begun = 0
      const sending = Sending.make(
        { deliver: () => Effect.suspend(() => begun++ === 0 ? Deferred.await(first) : Effect.succeed(receipt)) },
        { deadlineMillis: 60_000, capacity: 10_000 }
      )
      const line = yield* Effect.forEach(
        Array.from({ length: 5000 }, (_, n) => `${n}`),
        (text) =>
          Effect.forkChild(
            sending.send({ addressId: "a", text, clientId: ClientId.make(text), earlier: null }),
            { startImmediately: true }
          )
      )
      Deferred.doneUnsafe(first, Effect.succeed(receipt))
      for (const fiber of line) assert.strictEqual(yield* Fiber.join(fiber), receipt)
    }))
})
