import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { ConversationError } from "../src/ConversationError.ts"
import { Idempotency, type SendContext } from "../src/internal/idempotency.ts"
import type { PriorSend } from "../src/internal/outgoingMessage.ts"

const unconfirmed = new ConversationError({
  method: "sendMessage",
  reason: new Reason.Unconfirmed({ clientId: "order-7" }),
  stored: "unknown"
})

const rejected = new ConversationError({
  method: "sendMessage",
  reason: new Reason.Forbidden({ detail: "" }),
  stored: "no"
})

/** Sends with one client id, and the prior send that each of them was given. */
const start = ({ isNew = false } = {}) => {
  const idempotency = new Idempotency<string>(20_000)
  const priors: Array<PriorSend | null> = []
  const send = (
    use: (context: SendContext) => Effect.Effect<string, ConversationError>,
    { addressId = "room", clientId = "order-7" } = {}
  ) =>
    idempotency.run({ addressId, clientId, isNew }, (context) => {
      priors.push(context.prior)
      return use(context)
    })
  return { priors, send }
}

/** What a lookup knows of a message that another client may have sent. */
const possiblySentElsewhere: PriorSend = {
  isKnownSent: false,
  inFlightMillis: 0,
  sentAt: null,
  sinceSeconds: null,
  searchLimit: 1000
}

/** A send that is under way when it ends. */
const sendsAndThen = (end: Effect.Effect<string, ConversationError>) => ({ onSend }: SendContext) =>
  Effect.andThen(Effect.sync(() => onSend(0)), end)

/** A send that fails after some milliseconds with an unknown outcome. */
const failsAfter = (millis: number) => ({ onSend }: SendContext) =>
  Effect.clockWith((clock) => {
    onSend(Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n))
    return Effect.andThen(Effect.sleep(millis), Effect.fail(unconfirmed))
  })

describe("Idempotency", () => {
  it.effect("P4.5: looks up a message as possibly sent by another client until this client has sent it", () =>
    Effect.gen(function*() {
      const { priors, send } = start()
      const first = yield* Effect.forkChild(send(() => Effect.never), { startImmediately: true })
      yield* TestClock.adjust("1 minute")
      yield* Fiber.interrupt(first)
      yield* Effect.exit(send(() => Effect.fail(unconfirmed)))
      yield* send(() => Effect.succeed("stored"))
      assert.deepStrictEqual(priors.map((prior) => [prior?.isKnownSent, prior?.sentAt, prior?.searchLimit]), [
        [false, null, 1000],
        [false, null, 1000],
        [false, null, 1000]
      ])
    }))

  it.effect("P4.5: returns the result of a send again without another send", () =>
    Effect.gen(function*() {
      const { priors, send } = start()
      assert.strictEqual(yield* send(() => Effect.succeed("first")), "first")
      assert.strictEqual(yield* send(() => Effect.succeed("second")), "first")
      assert.lengthOf(priors, 1)
    }))

  it.effect("P4.5: looks up a message from its first send on, for as long as the last send may be in flight", () =>
    Effect.gen(function*() {
      const { priors, send } = start()
      const sending = yield* Effect.forkChild(Effect.exit(send(failsAfter(90_000))), { startImmediately: true })
      yield* TestClock.adjust("95 seconds")
      yield* Fiber.join(sending)
      yield* Effect.exit(send(() => Effect.fail(unconfirmed)))
      const sentAt = 0
      assert.deepInclude(priors[1], { isKnownSent: true, sentAt, inFlightMillis: 15_000 })
      yield* Effect.forkChild(Effect.exit(send(failsAfter(1000))), { startImmediately: true })
      yield* TestClock.adjust("1 minute")
      yield* send(() => Effect.succeed("stored"))
      assert.deepInclude(priors[3], { isKnownSent: true, sentAt, inFlightMillis: 0 })
    }))

  it.effect("P4.5: keeps the sends of one client id to different addresses apart", () =>
    Effect.gen(function*() {
      const { priors, send } = start()
      assert.strictEqual(yield* send(() => Effect.succeed("to the room")), "to the room")
      assert.strictEqual(yield* send(() => Effect.succeed("to ada"), { addressId: "ada" }), "to ada")
      assert.strictEqual(yield* send(() => Effect.succeed("another"), { clientId: "order-8" }), "another")
      assert.lengthOf(priors, 3)
    }))

  it.effect("P4.5: shares a send that is under way", () =>
    Effect.gen(function*() {
      const { priors, send } = start()
      const first = yield* Effect.forkChild(send(() => Effect.as(Effect.sleep("1 second"), "first")), {
        startImmediately: true
      })
      const second = yield* Effect.forkChild(send(() => Effect.succeed("second")), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(second)], ["first", "first"])
      assert.lengthOf(priors, 1)
    }))

  it.effect("P4.5: sends a message with a new client id without a lookup, until it may have been sent", () =>
    Effect.gen(function*() {
      const { priors, send } = start({ isNew: true })
      yield* Effect.exit(send(sendsAndThen(Effect.fail(rejected))))
      yield* Effect.exit(send(sendsAndThen(Effect.fail(unconfirmed))))
      yield* send(() => Effect.succeed("stored"))
      assert.deepStrictEqual(priors, [
        null,
        null,
        { isKnownSent: true, inFlightMillis: 20_000, sentAt: 0, sinceSeconds: null }
      ])
    }))

  it.effect.each(
    [
      ["is interrupted", Effect.interrupt],
      ["dies", Effect.die("broken")],
      ["fails with an unknown outcome", Effect.fail(unconfirmed)]
    ] as const
  )("P4.5: looks up a message as sent when its send %s", ([, end]) =>
    Effect.gen(function*() {
      const { priors, send } = start()
      yield* Effect.exit(send(sendsAndThen(end)))
      yield* send(() => Effect.succeed("stored"))
      assert.deepStrictEqual(priors, [
        possiblySentElsewhere,
        { isKnownSent: true, inFlightMillis: 20_000, sentAt: 0, sinceSeconds: null }
      ])
    }))

  it.effect("P4.5: looks up a message as one that this client has not sent once it is known not to be stored", () =>
    Effect.gen(function*() {
      const { priors, send } = start()
      yield* Effect.exit(send(sendsAndThen(Effect.fail(unconfirmed))))
      yield* Effect.exit(send(sendsAndThen(Effect.fail(rejected))))
      yield* send(() => Effect.succeed("stored"))
      assert.deepStrictEqual([priors[1]?.isKnownSent, priors[2]], [true, possiblySentElsewhere])
    }))

  it.effect("P4.5: remembers that a message may be stored when a later send of it did not reach the server", () =>
    Effect.gen(function*() {
      const { priors, send } = start()
      yield* Effect.exit(send(sendsAndThen(Effect.fail(unconfirmed))))
      yield* Effect.exit(send(() => Effect.fail(unconfirmed)))
      yield* send(() => Effect.succeed("stored"))
      assert.deepStrictEqual(priors[2], { isKnownSent: true, inFlightMillis: 20_000, sentAt: 0, sinceSeconds: null })
    }))
})
