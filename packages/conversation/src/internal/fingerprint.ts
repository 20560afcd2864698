/**
 * Fingerprints: short strings of a fixed length that identify longer strings. Two different strings have the same
 * fingerprint with a probability of 2⁻⁹⁰.
 */

/** The length of a fingerprint in characters, of six bits each. */
export const length = 15

/** The base64url alphabet. */
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

const rotateLeft = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))

const multipliers = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93] as const

/** The finalizer for one word: every bit of the result depends on all bits of the word. */
const finalize = (value: number): number => {
  let word = value ^ (value >>> 16)
  word = Math.imul(word, 0x85ebca6b)
  word ^= word >>> 13
  word = Math.imul(word, 0xc2b2ae35)
  return word ^ (word >>> 16)
}

/** The contribution of a word of the input to its word of the hash. */
const mix = (word: number, from: number, to: number, bits: number): number =>
  Math.imul(rotateLeft(Math.imul(word, from), bits), to)

/** MurmurHash3 (x86, 128 bits) over UTF-16 code units in little-endian order, padded with zeros to whole blocks. */
export const hash = (input: string): readonly [number, number, number, number] => {
  const [c1, c2, c3, c4] = multipliers
  let h1 = 0
  let h2 = 0
  let h3 = 0
  let h4 = 0
  /** The two code units from `index` on; zeros beyond the end. */
  const wordAt = (index: number): number => input.charCodeAt(index) | (input.charCodeAt(index + 1) << 16)
  for (let index = 0; index < input.length; index += 8) {
    h1 ^= mix(wordAt(index), c1, c2, 15)
    h1 = (Math.imul(rotateLeft(h1, 19) + h2, 5) + 0x561ccd1b) | 0
    h2 ^= mix(wordAt(index + 2), c2, c3, 16)
    h2 = (Math.imul(rotateLeft(h2, 17) + h3, 5) + 0x0bcaa747) | 0
    h3 ^= mix(wordAt(index + 4), c3, c4, 17)
    h3 = (Math.imul(rotateLeft(h3, 15) + h4, 5) + 0x96cd1c35) | 0
    h4 ^= mix(wordAt(index + 6), c4, c1, 18)
    h4 = (Math.imul(rotateLeft(h4, 13) + h1, 5) + 0x32ac3b17) | 0
  }
  const bytes = input.length * 2
  h1 ^= bytes
  h2 ^= bytes
  h3 ^= bytes
  h4 ^= bytes
  h1 = (h1 + h2 + h3 + h4) | 0
  h2 = (h2 + h1) | 0
  h3 = (h3 + h1) | 0
  h4 = (h4 + h1) | 0
  h1 = finalize(h1)
  h2 = finalize(h2)
  h3 = finalize(h3)
  h4 = finalize(h4)
  h1 = (h1 + h2 + h3 + h4) | 0
  return [h1, (h2 + h1) | 0, (h3 + h1) | 0, (h4 + h1) | 0]
}

/** Encodes the lower thirty bits in five characters. */
const encode = (word: number): string => {
  let characters = ""
  for (let bits = 0; bits < 30; bits += 6) characters += alphabet[(word >>> bits) & 63]
  return characters
}

/** The fingerprint of a string. */
export const of = (input: string): string => {
  const [first, second, third] = hash(input)
  return encode(first) + encode(second) + encode(third)
}

/** Splits a concatenation of fingerprints. */
export const split = (joined: string): ReadonlyArray<string> =>
  Array.from({ length: joined.length / length }, (_, index) => joined.slice(index * length, (index + 1) * length))
