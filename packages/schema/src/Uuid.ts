/**
 * Ids made here, drawn from the `Random` service so that a seeded run repeats them.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

const hex = (bytes: ReadonlyArray<number>): string => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")

/** A version 4 UUID. */
export const make: Effect.Effect<string> = Effect.map(Random.Random, (random) => {
  const byte = () => Math.floor(random.nextDoubleUnsafe() * 256)
  const bytes = Array.from({ length: 16 }, byte)
  bytes[6] = (byte() & 0x0f) | 0x40
  bytes[8] = (byte() & 0x3f) | 0x80
  return [bytes.slice(0, 4), bytes.slice(4, 6), bytes.slice(6, 8), bytes.slice(8, 10), bytes.slice(10)]
    .map(hex)
    .join("-")
})
