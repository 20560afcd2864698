/** Splits TypeScript sources into comments, strings and code, for the checks that read sources as text. */

/** A part of a source. The text of a string excludes its quotes, and the text of a comment its delimiters. */
export interface Token {
  readonly type: "comment" | "string" | "code"
  readonly text: string
  /** The offset in the source at which `text` begins. */
  readonly start: number
}

/** What can come before a `/` that begins a regular expression; after anything else it divides. */
const beforeRegExp = /(?:^|[(,=:[!&|?{};>~+\-*%^]|\b(?:return|typeof|case|in|of|await|yield))\s*$/

const endOfRegExp = (source: string, start: number): number | undefined => {
  let inClass = false
  for (let index = start + 1; index < source.length; index++) {
    const character = source[index]
    if (character === "\n") return undefined
    if (character === "\\") index++
    else if (character === "[") inClass = true
    else if (character === "]") inClass = false
    else if (character === "/" && !inClass) return index + 1
  }
  return undefined
}

const endOfString = (source: string, start: number): number | undefined => {
  const quote = source[start]
  for (let index = start + 1; index < source.length; index++) {
    const character = source[index]
    if (character === "\n") return undefined
    if (character === "\\") index++
    else if (character === quote) return index
  }
  return undefined
}

/** The parts of a TypeScript source, in order. */
export const tokenize = (source: string): ReadonlyArray<Token> => {
  const tokens: Array<Token> = []
  /** For each template that is open, the number of braces open inside its current `${}`. */
  const templates: Array<number> = []
  let codeStart = 0
  let index = 0

  const endCode = (end: number): void => {
    if (end > codeStart) tokens.push({ type: "code", text: source.slice(codeStart, end), start: codeStart })
  }
  const add = (type: "comment" | "string", start: number, end: number, next: number): void => {
    tokens.push({ type, text: source.slice(start, end), start })
    codeStart = index = next
  }
  /** Reads a template's text from `start`, up to its end or to the next `${`. */
  const readTemplate = (start: number): void => {
    let end = start
    while (end < source.length && source[end] !== "`" && !source.startsWith("${", end)) {
      end += source[end] === "\\" ? 2 : 1
    }
    const isOpen = source.startsWith("${", end)
    if (isOpen) templates.push(0)
    add("string", start, end, end + (isOpen ? 2 : 1))
  }

  while (index < source.length) {
    const character = source[index]
    const depth = templates.at(-1)
    if (source.startsWith("//", index) || source.startsWith("/*", index)) {
      const isLine = source[index + 1] === "/"
      const found = source.indexOf(isLine ? "\n" : "*/", index + 2)
      const end = found < 0 ? source.length : found
      endCode(index)
      add("comment", index + 2, end, isLine ? end : end + 2)
    } else if (character === "\"" || character === "'") {
      const end = endOfString(source, index)
      if (end === undefined) {
        // an apostrophe in the text of an element
        index++
        continue
      }
      endCode(index)
      add("string", index + 1, end, end + 1)
    } else if (character === "`") {
      endCode(index)
      readTemplate(index + 1)
    } else if (character === "}" && depth === 0) {
      templates.pop()
      endCode(index)
      readTemplate(index + 1)
    } else if (character === "/" && beforeRegExp.test(source.slice(Math.max(codeStart, index - 20), index))) {
      index = endOfRegExp(source, index) ?? index + 1
    } else {
      if (depth !== undefined && character === "{") templates[templates.length - 1] = depth + 1
      if (depth !== undefined && character === "}") templates[templates.length - 1] = depth - 1
      index++
    }
  }
  endCode(source.length)
  return tokens
}

/** The line of an offset; the first line is 1. */
export const lineAt = (source: string, offset: number): number => {
  let line = 1
  for (let at = source.indexOf("\n"); at >= 0 && at < offset; at = source.indexOf("\n", at + 1)) line++
  return line
}
