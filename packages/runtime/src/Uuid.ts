/**
 * UUIDs from Effect's `Random`, so that a run with a seed is reproducible.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

/** Generates a version 4 UUID. */
export const make: Effect.Effect<string> = Effect.map(Random.Random, (random) => {
  let uuid = ""
  for (let index = 0; index < 16; index++) {
    const byte = Math.floor(random.nextDoubleUnsafe() * 256)
    if (index === 4 || index === 6 || index === 8 || index === 10) uuid += "-"
    uuid += hex[index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte]
  }
  return uuid
})
