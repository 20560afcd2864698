import * as Backoff from "@effect-signalwire/runtime/Backoff"
import { assert, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"

it.effect("waits double up to the cap, each within a fifth of that either way", () =>
  Effect.gen(function*() {
    const step = yield* Schedule.toStep(Backoff.capped("1 second", "10 seconds"))
    for (const expected of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
      const [, delay] = yield* Effect.orDie(step(0, undefined))
      const millis = Duration.toMillis(delay)
      assert.isAtLeast(millis, expected * 0.8)
      assert.isAtMost(millis, expected * 1.2)
    }
  }).pipe(Random.withSeed("waits")))
