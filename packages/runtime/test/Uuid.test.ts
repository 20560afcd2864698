import * as Uuid from "@effect-signalwire/runtime/Uuid"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

const uuids = Effect.replicateEffect(Uuid.make, 200)

it.effect("makes UUIDs of version 4 and the standard variant", () =>
  Effect.gen(function*() {
    for (const uuid of yield* uuids) {
      assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    }
  }))

it.effect("makes a different UUID each time", () =>
  Effect.gen(function*() {
    assert.strictEqual(new Set(yield* uuids).size, 200)
  }))

it.effect("makes the same UUIDs with the same seed", () =>
  Effect.gen(function*() {
    const first = yield* Random.withSeed(uuids, "seed")
    const again = yield* Random.withSeed(uuids, "seed")
    assert.deepStrictEqual(again, first)
  }))
