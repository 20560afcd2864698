/**
 * Fingerprints: strings of one length, by which longer ones are recognised. Two strings share one by chance only, with a
 * likelihood of 2⁻⁹⁰.
 */

/** How long a fingerprint is: each character has six bits. */
export const length = 15

/** What fingerprints are written in. */
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

const rotated = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))

const multipliers = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93] as const

/** The last step for one word: every bit of it comes to depend on all others. */
const mixed = (value: number): number => {
  let word = value ^ (value >>> 16)
  word = Math.imul(word, 0x85ebca6b)
  word ^= word >>> 13
  word = Math.imul(word, 0xc2b2ae35)
  return word ^ (word >>> 16)
}

/** What a word of the text adds to the word of the hash that it belongs to. */
const scrambled = (word: number, from: number, to: number, bits: number): number =>
  Math.imul(rotated(Math.imul(word, from), bits), to)

/** MurmurHash3 for x86 with 128 bits, over UTF-16 code units in little-endian order, padded with zeros to whole blocks. */
export const hash = (text: string): readonly [number, number, number, number] => {
  const [c1, c2, c3, c4] = multipliers
  let h1 = 0
  let h2 = 0
  let h3 = 0
  let h4 = 0
  /** Two code units; beyond the end there are zeros. */
  const wordAt = (index: number): number => text.charCodeAt(index) | (text.charCodeAt(index + 1) << 16)
  for (let index = 0; index < text.length; index += 8) {
    h1 ^= scrambled(wordAt(index), c1, c2, 15)
    h1 = (Math.imul(rotated(h1, 19) + h2, 5) + 0x561ccd1b) | 0
    h2 ^= scrambled(wordAt(index + 2), c2, c3, 16)
    h2 = (Math.imul(rotated(h2, 17) + h3, 5) + 0x0bcaa747) | 0
    h3 ^= scrambled(wordAt(index + 4), c3, c4, 17)
    h3 = (Math.imul(rotated(h3, 15) + h4, 5) + 0x96cd1c35) | 0
    h4 ^= scrambled(wordAt(index + 6), c4, c1, 18)
    h4 = (Math.imul(rotated(h4, 13) + h1, 5) + 0x32ac3b17) | 0
  }
  const bytes = text.length * 2
  h1 ^= bytes
  h2 ^= bytes
  h3 ^= bytes
  h4 ^= bytes
  h1 = (h1 + h2 + h3 + h4) | 0
  h2 = (h2 + h1) | 0
  h3 = (h3 + h1) | 0
  h4 = (h4 + h1) | 0
  h1 = mixed(h1)
  h2 = mixed(h2)
  h3 = mixed(h3)
  h4 = mixed(h4)
  h1 = (h1 + h2 + h3 + h4) | 0
  return [h1, (h2 + h1) | 0, (h3 + h1) | 0, (h4 + h1) | 0]
}

/** Five characters for the lower thirty bits. */
const written = (word: number): string => {
  let characters = ""
  for (let bits = 0; bits < 30; bits += 6) characters += alphabet[(word >>> bits) & 63]
  return characters
}

/** The fingerprint of a string. */
export const of = (text: string): string => {
  const [first, second, third] = hash(text)
  return written(first) + written(second) + written(third)
}

/** The fingerprints that were written one after the other. */
export const split = (joined: string): ReadonlyArray<string> =>
  Array.from({ length: joined.length / length }, (_, index) => joined.slice(index * length, (index + 1) * length))
