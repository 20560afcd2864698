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

it.effect("makes UUIDs whose digits are random, except those of the version and the variant", () =>
  Effect.gen(function*() {
    const made = yield* uuids
    for (const [index, digit] of Array.from("00000000-0000-4000-8000-000000000000").entries()) {
      const digits = new Set(made.map((uuid) => uuid[index]))
      assert.strictEqual(digits.size, digit === "0" ? 16 : digit === "8" ? 4 : 1)
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
