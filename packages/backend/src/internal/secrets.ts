/**
 * The secrets that a backend has given out, and what takes them out of a text, however they are written there: as they
 * are, percent-encoded, with JSON escapes, or cut off.
 */

const mask = "[redacted]"

/** How much of a secret is told apart from other text, in characters: shorter pieces are of no use to anybody. */
const pieceLength = 16

/** How far apart the pieces of a secret are that are looked for: a rest of twice this length is always found. */
const stride = 32

/** Where characters of secrets stand together. */
const run = new RegExp(`[\\w+/=.:~-]{${pieceLength},}`, "g")

/** A token of any server, or as much of one as is left of it. */
const tokenLike = /eyJ[\w-]{6,}(?:\.[\w-]*){0,4}/g

/** How often an encoded text may have been encoded again. */
const maxDepth = 4

/** A text, and for each of its characters where it begins in the text it was read from; and where the last one ends. */
interface Reading {
  readonly text: string
  readonly starts: ReadonlyArray<number> | undefined
}

const escape = /%([\da-f]{2})|\\u([\da-f]{4})|\\(["\\/])/gi

/** The text with one layer of escapes taken off; as it is when there are none. */
const decodeOnce = ({ starts, text }: Reading): Reading => {
  const at = (index: number) => starts === undefined ? index : starts[index] ?? 0
  const pieces: Array<string> = []
  const next: Array<number> = []
  let end = 0
  const keep = (to: number) => {
    pieces.push(text.slice(end, to))
    for (let index = end; index < to; index++) next.push(at(index))
  }
  for (const { 0: whole, 1: percent, 2: unicode, 3: single, index } of text.matchAll(escape)) {
    keep(index)
    const code = percent ?? unicode
    pieces.push(code === undefined ? single ?? "" : String.fromCharCode(Number.parseInt(code, 16)))
    next.push(at(index))
    end = index + whole.length
  }
  if (pieces.length === 0) return { text, starts }
  keep(text.length)
  next.push(at(text.length))
  return { text: pieces.join(""), starts: next }
}

const isEncoded = (text: string): boolean => text.includes("%") || text.includes("\\")

interface Range {
  readonly start: number
  readonly end: number
}

/** The secrets of one backend. */
export class Secrets {
  readonly #pieces = new Map<string, { readonly secret: string; readonly offset: number }>()

  add(secret: string): void {
    for (const offset of this.#offsets(secret)) {
      this.#pieces.set(secret.slice(offset, offset + pieceLength), { secret, offset })
    }
  }

  /** It is worth nothing any more. */
  delete(secret: string): void {
    for (const offset of this.#offsets(secret)) {
      const piece = secret.slice(offset, offset + pieceLength)
      if (this.#pieces.get(piece)?.secret === secret) this.#pieces.delete(piece)
    }
  }

  /** The text without secrets. A text that is JSON stays JSON. */
  redact(text: string): string {
    let result = text
    let reading: Reading = { text, starts: undefined }
    const ranges: Array<Range> = []
    for (let depth = 0; depth <= maxDepth; depth++) {
      const { starts } = reading
      for (const { end, start } of this.#find(reading.text)) {
        ranges.push(
          starts === undefined ? { start, end } : { start: starts[start] ?? 0, end: starts[end] ?? text.length }
        )
      }
      if (!isEncoded(reading.text)) break
      const next = decodeOnce(reading)
      if (next.text === reading.text) break
      reading = next
    }
    // from the end, so that what comes before keeps its place
    let before = text.length
    for (const { end, start } of ranges.toSorted((a, b) => b.end - a.end || a.start - b.start)) {
      if (start >= before) continue
      result = result.slice(0, start) + mask + result.slice(Math.min(end, before))
      before = start
    }
    return result
  }

  #offsets(secret: string): ReadonlyArray<number> {
    const offsets: Array<number> = []
    for (let offset = 0; offset + pieceLength <= secret.length; offset += stride) offsets.push(offset)
    return offsets
  }

  *#find(text: string): Generator<Range> {
    for (const { 0: token, index } of text.matchAll(tokenLike)) yield { start: index, end: index + token.length }
    for (const { 0: whole, index: first } of text.matchAll(run)) {
      const last = first + whole.length
      for (let at = first; at + pieceLength <= last; at++) {
        const found = this.#pieces.get(text.slice(at, at + pieceLength))
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
      }
    }
  }
}
