/**
 * The secrets that a backend has issued. They are redacted from strings however they appear: literally, percent-encoded, with
 * JSON escapes, or cut off.
 */
import { mask } from "./redaction.ts"

/** The shortest part of a secret that is recognized, in characters; shorter parts are useless to an attacker. */
const pieceLength = 16

/** The distance between the indexed pieces of a secret: every part of twice this length contains one of them. */
const stride = 16

/** A sequence of characters that secrets consist of. */
const run = new RegExp(`[\\w+/=.:~-]{${pieceLength},}`, "g")

/** A token of any server, possibly cut off. */
const tokenLike = /eyJ[\w-]{6,}(?:\.[\w-]*){0,4}/g

/** The maximum number of layers of encoding that are decoded. */
const maxDepth = 4

const escape = /%([\da-f]{2})|\\u([\da-f]{4})|\\(["\\/])/gi

/** A string with one layer of escapes removed, and the positions of its parts in the string before. */
interface Decoded {
  readonly text: string
  readonly parts: ReadonlyArray<{ readonly at: number; readonly from: number }>
}

const decodeOnce = (text: string): Decoded => {
  const pieces: Array<string> = []
  const parts: Array<{ readonly at: number; readonly from: number }> = []
  let length = 0
  const add = (piece: string, from: number) => {
    pieces.push(piece)
    parts.push({ at: length, from })
    length += piece.length
  }
  let end = 0
  for (const { 0: whole, 1: percent, 2: unicode, 3: single, index } of text.matchAll(escape)) {
    if (index > end) add(text.slice(end, index), end)
    const code = percent ?? unicode
    add(code === undefined ? single ?? "" : String.fromCharCode(Number.parseInt(code, 16)), index)
    end = index + whole.length
  }
  add(text.slice(end), end)
  return { text: pieces.join(""), parts }
}

/** Maps a position in a decoded string to its position in the string before. */
const sourcePosition = (parts: Decoded["parts"], index: number): number => {
  let low = 0
  let high = parts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if ((parts[middle]?.at ?? 0) <= index) low = middle
    else high = middle - 1
  }
  const { at = 0, from = 0 } = parts[low] ?? {}
  return from + index - at
}

const isEncoded = (text: string): boolean => text.includes("%") || text.includes("\\")

/** A rolling hash (Rabin-Karp), which avoids the lookup for most substrings. */
const factor = 0x01000193
const outFactor = Array.from({ length: pieceLength - 1 }).reduce<number>((power) => Math.imul(power, factor), 1)
const hashAt = (text: string, at: number): number => {
  let hash = 0
  for (let index = at; index < at + pieceLength; index++) hash = Math.imul(hash, factor) + text.charCodeAt(index) | 0
  return hash
}
const nextHash = (hash: number, text: string, at: number): number =>
  Math.imul(hash - Math.imul(text.charCodeAt(at), outFactor), factor) + text.charCodeAt(at + pieceLength) | 0

interface Range {
  readonly start: number
  readonly end: number
}

/** The secrets of one backend, indexed by pieces of fixed length. */
export class Secrets {
  readonly #pieces = new Map<string, { readonly secret: string; readonly offset: number }>()
  /** The number of pieces per hash. */
  readonly #hashes = new Map<number, number>()

  add(secret: string): void {
    for (const offset of this.#offsets(secret)) {
      const piece = secret.slice(offset, offset + pieceLength)
      if (!this.#pieces.has(piece)) this.#count(piece, 1)
      this.#pieces.set(piece, { secret, offset })
    }
  }

  /** Removes a secret that is no longer valid. */
  delete(secret: string): void {
    for (const offset of this.#offsets(secret)) {
      const piece = secret.slice(offset, offset + pieceLength)
      if (this.#pieces.get(piece)?.secret !== secret) continue
      this.#pieces.delete(piece)
      this.#count(piece, -1)
    }
  }

  /** Redacts all secrets in a string. A string of valid JSON remains valid. */
  redact(text: string): string {
    let current = text
    const layers: Array<Decoded["parts"]> = []
    const ranges: Array<Range> = []
    const toSource = (index: number) => layers.reduceRight((position, parts) => sourcePosition(parts, position), index)
    while (true) {
      for (const { end, start } of this.#find(current)) ranges.push({ start: toSource(start), end: toSource(end) })
      if (layers.length === maxDepth || !isEncoded(current)) break
      const decoded = decodeOnce(current)
      if (decoded.text === current) break
      layers.push(decoded.parts)
      current = decoded.text
    }
    const parts: Array<string> = []
    let end = 0
    for (const range of ranges.toSorted((a, b) => a.start - b.start)) {
      if (range.start >= end) parts.push(text.slice(end, range.start), mask)
      end = Math.max(end, range.end)
    }
    parts.push(text.slice(end))
    return parts.join("")
  }

  #count(piece: string, more: 1 | -1): void {
    const hash = hashAt(piece, 0)
    const count = (this.#hashes.get(hash) ?? 0) + more
    if (count === 0) this.#hashes.delete(hash)
    else this.#hashes.set(hash, count)
  }

  #offsets(secret: string): ReadonlyArray<number> {
    const offsets: Array<number> = []
    const last = secret.length - pieceLength
    for (let offset = 0; offset < last; offset += stride) offsets.push(offset)
    if (last >= 0) offsets.push(last)
    return offsets
  }

  *#find(text: string): Generator<Range> {
    for (const { 0: token, index } of text.matchAll(tokenLike)) yield { start: index, end: index + token.length }
    for (const { 0: whole, index: first } of text.matchAll(run)) {
      const last = first + whole.length
      let hash = hashAt(text, first)
      for (let at = first; at + pieceLength <= last; hash = nextHash(hash, text, at), at++) {
        const found = this.#hashes.has(hash) ? this.#pieces.get(text.slice(at, at + pieceLength)) : undefined
        if (found === undefined) continue
        const { offset, secret } = found
        let start = at
        while (start > first && offset - (at - start) > 0 && text[start - 1] === secret[offset - (at - start) - 1]) {
          start--
        }
        let end = at + pieceLength
        while (end < last && text[end] === secret[offset + (end - at)]) end++
        yield { start, end }
        at = end - 1
        hash = hashAt(text, at)
      }
    }
  }
}
