import type { SendReceipt } from "@effect-signalwire/http/SignalWireHttp"
import { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import { ClientId, ConversationId } from "@effect-signalwire/schema/Ids"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { DeadlineExceeded, type Delivery, OutcomeUnknown } from "../src/internal/delivery.ts"
import type { PriorSend } from "../src/internal/outgoingMessage.ts"
import * as SendQueue from "../src/internal/sendQueue.ts"

/** A queue whose deliveries the test completes, and the texts of the deliveries that were started, in order. */
const start = () => {
  const started: Array<string> = []
  const deadlines: Array<number | undefined> = []
  const ends = new Map<string, Deferred.Deferred<SendReceipt>>()
  const delivery: Delivery = {
    deliver: ({ text }, deadline) =>
      Effect.suspend(() => {
        started.push(text)
        deadlines.push(deadline)
        const end = Deferred.makeUnsafe<SendReceipt>()
        ends.set(text, end)
        return Deferred.await(end)
      })
  }
  const queue = SendQueue.make(delivery, { deadlineMillis: 60_000, capacity: 10 })
  return {
    started,
    deadlines,
    send: (text: string, addressId = "a", prior: PriorSend | null = null) =>
      Effect.forkChild(queue.send({ addressId, text, clientId: ClientId.make(text), prior }), {
        startImmediately: true
      }),
    deliver: (text: string) => {
      const end = ends.get(text)
      assert.isDefined(end)
      Deferred.doneUnsafe(end, Effect.succeed({ conversationId: ConversationId.make("c"), groupId: null }))
    }
  }
}

/** The message was sent before with an unknown outcome. */
const priorSend: PriorSend = { isKnownSent: true, inFlightMillis: 0, sentAt: 0, sinceSeconds: null }

/** Runs everything that is ready. */
const runReady = TestClock.adjust(0)

describe("SendQueue", () => {
  it.effect("P4.3: starts each send after the one before it, and sends to other conversations at once", () =>
    Effect.gen(function*() {
      const { started, deliver, send } = start()
      yield* send("1")
      yield* send("2")
      yield* send("other", "b")
      assert.deepStrictEqual(started, ["1", "other"])
      deliver("1")
      yield* runReady
      assert.deepStrictEqual(started, ["1", "other", "2"])
    }))

  it.effect.each(
    [["was sent before", priorSend, "Unconfirmed", "unknown"], ["was not sent before", null, "Timeout", "no"]] as const
  )(
    "P4.6: reports whether a message may be stored when its turn does not come in time and it %s",
    ([, prior, tag, stored]) =>
      Effect.gen(function*() {
        const { send } = start()
        yield* send("1")
        const second = yield* Effect.flip(
          Fiber.join(yield* Effect.tap(send("2", "a", prior), () => TestClock.adjust("1 minute")))
        )
        assert.deepStrictEqual([second.reason._tag, second.stored], [tag, stored])
      })
  )

  it.effect("P4.6: reports that a message may be stored when the queue is full and it was sent before", () =>
    Effect.gen(function*() {
      const { send } = start()
      for (let n = 0; n < 10; n++) yield* send(`${n}`)
      const error = yield* Effect.flip(Fiber.join(yield* send("again", "a", priorSend)))
      assert.deepStrictEqual([error.reason._tag, error.stored], ["Unconfirmed", "unknown"])
    }))

  it.effect("has room again for each send that is done, however many there were", () =>
    Effect.gen(function*() {
      const { deliver, send } = start()
      for (let n = 0; n < 20; n++) {
        const sending = yield* send(`${n}`)
        deliver(`${n}`)
        yield* Fiber.join(sending)
      }
    }))

  it.effect("P4.6: refuses a message that was not sent before when the queue is full, and reports it", () =>
    Effect.gen(function*() {
      const { send, started } = start()
      for (let n = 0; n < 10; n++) yield* send(`${n}`, `address ${n}`)
      for (const prior of [null, { ...priorSend, isKnownSent: false }]) {
        const error = yield* Effect.flip(Fiber.join(yield* send("another", "b", prior)))
        assert.deepStrictEqual([error.reason, error.stored], [new Reason.Overloaded({ limit: 10 }), "no"])
      }
      assert.lengthOf(started, 10)
    }))

  it.effect("P7.2: gives each send the time from its call to its deadline, including the wait for its turn", () =>
    Effect.gen(function*() {
      const { deadlines, deliver, send } = start()
      yield* send("1")
      yield* TestClock.adjust("10 seconds")
      yield* send("2")
      yield* TestClock.adjust("20 seconds")
      deliver("1")
      yield* runReady
      assert.deepStrictEqual(deadlines, [60_000, 70_000])
    }))

  it.effect("P7.2: does not begin a send whose turn comes at its deadline", () =>
    Effect.gen(function*() {
      const { started, deliver, send } = start()
      yield* send("1")
      yield* Effect.forkChild(Effect.andThen(Effect.sleep("1 minute"), Effect.sync(() => deliver("1"))), {
        startImmediately: true
      })
      const second = yield* send("2")
      yield* TestClock.adjust("1 minute")
      const error = yield* Effect.flip(Fiber.join(second))
      assert.deepStrictEqual([error.reason, error.stored], [new Reason.Timeout({ millis: 60_000 }), "no"])
      assert.deepStrictEqual(started, ["1"])
    }))

  const lost = new Reason.Transport({ detail: "the connection broke" })
  const timeout = new Reason.Timeout({ millis: 60_000 })
  const httpError = new SignalWireHttpError({ method: "sendMessage", reason: lost })

  const sendFailing = (failure: Effect.Error<ReturnType<Delivery["deliver"]>>) => {
    const queue = SendQueue.make({ deliver: () => Effect.fail(failure) }, { deadlineMillis: 60_000, capacity: 10 })
    return Effect.flip(queue.send({ addressId: "a", text: "hello", clientId: ClientId.make("mine"), prior: null }))
  }

  it.effect.each([[httpError, httpError], [undefined, timeout]])(
    "P9.1: fails with the cause for which it is not known whether the message was stored: %s",
    ([cause, expected]) =>
      Effect.gen(function*() {
        const unknown = new OutcomeUnknown({ historyRefused: false, inFlightMillis: 0, cause })
        const error = yield* sendFailing(unknown)
        assert.deepStrictEqual([error.method, error.stored], ["sendMessage", "unknown"])
        assert.deepInclude(error.reason, { _tag: "Unconfirmed", clientId: "mine" })
        assert.deepStrictEqual(error.cause, expected)
      })
  )

  it.effect.each([
    { failure: new DeadlineExceeded({ last: httpError }), expected: lost },
    { failure: new DeadlineExceeded({ last: undefined }), expected: timeout },
    { failure: httpError, expected: lost }
  ])(
    "P4.6: fails with the reason for which the message was not stored: $failure._tag $expected._tag",
    ({ expected, failure }) =>
      Effect.gen(function*() {
        const { method, reason, stored } = yield* sendFailing(failure)
        assert.deepStrictEqual([method, reason, stored], ["sendMessage", expected, "no"])
      })
  )

  it.effect("P4.3: keeps the order when waiting sends are interrupted", () =>
    Effect.gen(function*() {
      const { started, deliver, send } = start()
      yield* send("1")
      const second = yield* send("2")
      const third = yield* send("3")
      yield* send("4")
      yield* Fiber.interrupt(second)
      yield* Fiber.interrupt(third)
      yield* runReady
      assert.deepStrictEqual(started, ["1"])
      deliver("1")
      yield* runReady
      assert.deepStrictEqual(started, ["1", "4"])
    }))

  it.effect("P4.3: keeps the order when the last sends are interrupted", () =>
    Effect.gen(function*() {
      const { started, deliver, send } = start()
      yield* send("1")
      yield* Fiber.interrupt(yield* send("2"))
      yield* Fiber.interrupt(yield* send("3"))
      yield* send("4")
      yield* runReady
      assert.deepStrictEqual(started, ["1"])
      deliver("1")
      yield* runReady
      assert.deepStrictEqual(started, ["1", "4"])
    }))

  it.effect("starts a send at once when those before it gave up or are done", () =>
    Effect.gen(function*() {
      const { started, deliver, send } = start()
      const first = yield* send("1")
      yield* Fiber.interrupt(yield* send("2"))
      deliver("1")
      yield* Fiber.join(first)
      yield* send("3")
      assert.deepStrictEqual(started, ["1", "3"])
    }))

  it.effect("P4.3: starts a send after the one in progress, although those before that have completed", () =>
    Effect.gen(function*() {
      const { started, deliver, send } = start()
      yield* send("1")
      yield* send("2")
      deliver("1")
      yield* runReady
      yield* send("3")
      yield* runReady
      assert.deepStrictEqual(started, ["1", "2"])
      deliver("2")
      yield* runReady
      assert.deepStrictEqual(started, ["1", "2", "3"])
    }))

  it.effect("P7.2: fails with a timeout when its turn does not come", () =>
    Effect.gen(function*() {
      const { started, send } = start()
      yield* send("1")
      const second = yield* send("2")
      yield* TestClock.adjust("1 minute")
      const error = yield* Effect.flip(Fiber.join(second))
      assert.strictEqual(error.reason._tag, "Timeout")
      assert.deepStrictEqual(started, ["1"])
    }))

  it.effect("P4.3: completes a long queue of sends that each complete at once", () =>
    Effect.gen(function*() {
      const receipt: SendReceipt = { conversationId: ConversationId.make("c"), groupId: null }
      const first = Deferred.makeUnsafe<SendReceipt>()
      let started = 0
      const queue = SendQueue.make(
        { deliver: () => Effect.suspend(() => started++ === 0 ? Deferred.await(first) : Effect.succeed(receipt)) },
        { deadlineMillis: 60_000, capacity: 10_000 }
      )
      const fibers = yield* Effect.forEach(
        Array.from({ length: 5000 }, (_, n) => `${n}`),
        (text) =>
          Effect.forkChild(
            queue.send({ addressId: "a", text, clientId: ClientId.make(text), prior: null }),
            { startImmediately: true }
          )
      )
      Deferred.doneUnsafe(first, Effect.succeed(receipt))
      for (const fiber of fibers) assert.strictEqual(yield* Fiber.join(fiber), receipt)
    }))
})
