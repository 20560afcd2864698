import { Emitter } from "@effect-signalwire/runtime/Emitter"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { Failures, Healing } from "../src/internal/healing.ts"

const refused = new Reason.Unauthorized({ detail: "expired" })

describe("a pause before another try", () => {
  const start = () => {
    const chances = new Emitter<void>()
    const healing = new Healing({ awaitWake: chances.next })
    const pause = Effect.forkChild(healing.pause(refused, { attempt: 5, tookMillis: 0, capMillis: 3600 }), {
      startImmediately: true
    })
    return { chances, pause }
  }

  it.effect("P8.6: ends at once for all who wait when something says that it may work now", () =>
    Effect.gen(function*() {
      const { chances, pause } = start()
      const waiting = yield* Effect.replicateEffect(pause, 100)
      yield* TestClock.adjust("1 minute")
      chances.emit()
      yield* TestClock.adjust(0)
      assert.strictEqual(waiting.filter((fiber) => fiber.pollUnsafe() !== undefined).length, 100)
    }))

  it.effect("P8.5: ends early three times at once, and then every five seconds, however often something says so", () =>
    Effect.gen(function*() {
      const { chances, pause } = start()
      let ended = 0
      yield* pause.pipe(
        Effect.flatMap(Fiber.join),
        Effect.andThen(Effect.sync(() => ended++)),
        Effect.forever,
        Effect.forkScoped({ startImmediately: true })
      )
      for (let second = 0; second < 60; second++) {
        chances.emit()
        yield* TestClock.adjust("1 second")
      }
      assert.isAtMost(ended, 3 + 12)
      assert.isAtLeast(ended, 12)
    }).pipe(Effect.scoped))
})

it("P8.5: counts refused tokens for themselves, and all other failures together", () => {
  const failures = new Failures()
  const down = new Reason.ServerError({ status: 503, detail: "" })
  const lost = new Reason.Transport({ detail: "lost" })
  const counted = [down, lost, down, refused, refused, lost].map((reason) => failures.next(reason))
  assert.deepStrictEqual(counted, [0, 1, 2, 0, 1, 3])
})
