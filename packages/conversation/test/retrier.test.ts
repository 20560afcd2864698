import { Emitter } from "@effect-signalwire/runtime/Emitter"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { FailureCounter, Retrier } from "../src/internal/retrier.ts"

const refused = new Reason.Unauthorized({ detail: "expired" })

describe("Retrier", () => {
  const start = () => {
    const wake = new Emitter<void>()
    const policy = new Retrier({ awaitWake: wake.next })
    const delay = Effect.forkChild(policy.wait(refused, { attempt: 5, tookMillis: 0, capMillis: 3600 }), {
      startImmediately: true
    })
    return { delay, wake }
  }

  it.effect("P8.6: a wake signal ends all delays at once", () =>
    Effect.gen(function*() {
      const { delay, wake } = start()
      const waiting = yield* Effect.replicateEffect(delay, 100)
      yield* TestClock.adjust("1 minute")
      wake.emit()
      yield* TestClock.adjust(0)
      assert.strictEqual(waiting.filter((fiber) => fiber.pollUnsafe() !== undefined).length, 100)
    }))

  it.effect("P8.5: wake signals end three delays at once, and then one every five seconds", () =>
    Effect.gen(function*() {
      const { delay, wake } = start()
      let ended = 0
      yield* delay.pipe(
        Effect.flatMap(Fiber.join),
        Effect.andThen(Effect.sync(() => ended++)),
        Effect.forever,
        Effect.forkScoped({ startImmediately: true })
      )
      for (let second = 0; second < 60; second++) {
        wake.emit()
        yield* TestClock.adjust("1 second")
      }
      assert.isAtMost(ended, 3 + 12)
      assert.isAtLeast(ended, 12)
    }).pipe(Effect.scoped))
})

it("P8.5: counts refused tokens apart from all other failures", () => {
  const failures = new FailureCounter()
  const down = new Reason.ServerError({ status: 503, detail: "" })
  const lost = new Reason.Transport({ detail: "lost" })
  const counted = [down, lost, down, refused, refused, lost].map((reason) => failures.next(reason))
  assert.deepStrictEqual(counted, [0, 1, 2, 0, 1, 3])
})
