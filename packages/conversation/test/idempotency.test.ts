import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { ConversationError } from "../src/ConversationError.ts"
import type { Earlier } from "../src/internal/delivery.ts"
import { type Attempt, Idempotency } from "../src/internal/idempotency.ts"

const unconfirmed = new ConversationError({
  method: "sendMessage",
  reason: new Reason.Unconfirmed({ clientId: "order-7" }),
  stored: "unknown"
})

/** Sends under one id, and what each of them knew of those before. */
const start = () => {
  const idempotency = new Idempotency<string>(20_000)
  const known: Array<Earlier | null> = []
  const once = (send: (attempt: Attempt) => Effect.Effect<string, ConversationError>) =>
    idempotency.once({ addressId: "room", clientId: "order-7", isNew: false }, (attempt) => {
      known.push(attempt.earlier)
      return send(attempt)
    })
  return { known, once }
}

/** Sends, and fails after so many milliseconds without knowing what came of it. */
const failsAfter = (millis: number) => ({ onSend }: Attempt) =>
  Effect.clockWith((clock) => {
    onSend(Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n))
    return Effect.andThen(Effect.sleep(millis), Effect.fail(unconfirmed))
  })

describe("a client id as a key", () => {
  it.effect("P4.5: is looked for as one that another client used until something was sent under it here", () =>
    Effect.gen(function*() {
      const { known, once } = start()
      const looking = yield* Effect.forkChild(once(() => Effect.never), { startImmediately: true })
      yield* TestClock.adjust("1 minute")
      yield* Fiber.interrupt(looking)
      yield* Effect.exit(once(() => Effect.fail(unconfirmed)))
      yield* once(() => Effect.succeed("stored"))
      assert.deepStrictEqual(known.map((earlier) => [earlier?.wasSent, earlier?.sentAt, earlier?.searchLimit]), [
        [false, null, 1000],
        [false, null, 1000],
        [false, null, 1000]
      ])
    }))

  it.effect("P4.5: is looked for since it was first sent here, and as long as the last send may be under way", () =>
    Effect.gen(function*() {
      const { known, once } = start()
      const sending = yield* Effect.forkChild(Effect.exit(once(failsAfter(90_000))), { startImmediately: true })
      yield* TestClock.adjust("95 seconds")
      yield* Fiber.join(sending)
      yield* Effect.exit(once(() => Effect.fail(unconfirmed)))
      const sentAt = 0
      assert.deepInclude(known[1], { wasSent: true, sentAt, underWayMillis: 15_000 })
      yield* Effect.forkChild(Effect.exit(once(failsAfter(1000))), { startImmediately: true })
      yield* TestClock.adjust("1 minute")
      yield* once(() => Effect.succeed("stored"))
      assert.deepInclude(known[3], { wasSent: true, sentAt, underWayMillis: 0 })
    }))
})
