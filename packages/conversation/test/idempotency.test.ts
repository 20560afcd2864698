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

/** Sends with one client id, and the prior send that each of them was given. */
const start = () => {
  const idempotency = new Idempotency<string>(20_000)
  const priors: Array<PriorSend | null> = []
  const send = (use: (context: SendContext) => Effect.Effect<string, ConversationError>) =>
    idempotency.run({ addressId: "room", clientId: "order-7", isNew: false }, (context) => {
      priors.push(context.prior)
      return use(context)
    })
  return { priors, send }
}

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
})
