/**
 * Generates ids and random strings from the `Random` service, so that a seeded run is reproducible.
 */
import * as Base64 from "effect/encoding/Base64"
import * as Base64Url from "effect/encoding/Base64Url"
import type * as Random from "effect/Random"

export interface IdGenerator {
  readonly uuid: () => string
  /** Returns this many random bytes, encoded as base64url. */
  readonly base64Url: (bytes: number) => string
  /** Returns this many random bytes, encoded as base64. */
  readonly base64: (bytes: number) => string
}

/** The two hexadecimal digits of each byte. */
const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

export const make = (random: typeof Random.Random["Service"]): IdGenerator => {
  const bytes = (length: number) => Uint8Array.from({ length }, () => Math.floor(random.nextDoubleUnsafe() * 256))
  const word = () => Math.floor(random.nextDoubleUnsafe() * 2 ** 32)
  const pair = (bits: number) => (hex[bits >>> 8 & 0xff] ?? "") + (hex[bits & 0xff] ?? "")
  return {
    base64: (length) => Base64.encode(bytes(length)),
    base64Url: (length) => Base64Url.encode(bytes(length)),
    // called for every frame, therefore it draws few numbers and allocates no arrays
    uuid: () => {
      const [a, b, c, d] = [word(), word(), word(), word()]
      return `${pair(a >>> 16)}${pair(a)}-${pair(b >>> 16)}-${pair((b & 0x0fff) | 0x4000)}-${
        pair((c >>> 16 & 0x3fff) | 0x8000)
      }-${pair(c)}${pair(d >>> 16)}${pair(d)}`
    }
  }
}
