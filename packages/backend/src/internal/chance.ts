/**
 * Ids and opaque texts, drawn from the `Random` service so that a seeded run repeats itself.
 */
import * as Base64 from "effect/encoding/Base64"
import * as Base64Url from "effect/encoding/Base64Url"
import type * as Random from "effect/Random"

/** Source of ids and opaque texts. */
export interface Chance {
  readonly uuid: () => string
  /** Base64url text of so many random bytes. */
  readonly opaque: (bytes: number) => string
  /** The same in ordinary base64. */
  readonly base64: (bytes: number) => string
}

const hex = (byte: number) => byte.toString(16).padStart(2, "0")

export const make = (random: typeof Random.Random["Service"]): Chance => {
  const bytes = (length: number) => Uint8Array.from({ length }, () => Math.floor(random.nextDoubleUnsafe() * 256))
  return {
    base64: (length) => Base64.encode(bytes(length)),
    opaque: (length) => Base64Url.encode(bytes(length)),
    uuid: () => {
      const digits = Array.from(
        bytes(16),
        (byte, index) => hex(index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte)
      ).join("")
      return [
        digits.slice(0, 8),
        digits.slice(8, 12),
        digits.slice(12, 16),
        digits.slice(16, 20),
        digits.slice(20)
      ].join("-")
    }
  }
}
