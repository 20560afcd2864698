/** Finds phrases and names that this project does not use, see `proseRules.ts`. */
import { names, phrases } from "./proseRules.ts"
import { lineAt, type Token, tokenize } from "./source.ts"

export interface ProseProblem {
  readonly line: number
  /** The words that were found. */
  readonly found: string
  /** What to write instead. */
  readonly instead: string
}

const compiled = phrases.map(({ instead, pattern }) => ({
  instead,
  pattern: new RegExp(pattern.replaceAll(" ", "\\s+"), "gim")
}))

const replacements = new Map(names.map(({ instead, word }) => [word, instead]))

/** Replaces what a pattern matches by spaces, so that the offsets of everything else stay. */
const blank = (text: string, pattern: RegExp): string =>
  text.replaceAll(pattern, (match) => match.replaceAll(/[^\n]/g, " "))

/** The prose of a comment: without the stars in front of its lines, tags, links and code. */
const proseOfComment = (text: string): string => {
  const lines = blank(text, /^\s*\*(?: |$)|^\*/gm)
  return blank(blank(lines, /```[^]*?```|`[^`\n]*`/g), /\{@link [^}]*\}|https?:\S+/g)
}

/** Matches the code before a string that is the title of a test: `it("`, `describe.concurrent("`, `it.each([…])("`. */
const beforeTitle = /(?:\b(?:it|test|describe|layer|bench)(?:\.\w+)*|\))\(\s*$/

const isTest = (file: string): boolean => /(?:^|\/)(?:test|tabs|typetest)\//.test(file)

const isSentence = (text: string): boolean => /[a-z,.] [a-z]/i.test(text)

/** The words of a name: `onHeardAll` has `on`, `heard` and `all`. */
const wordsOf = (name: string): ReadonlyArray<string> =>
  name.split(/_|(?<=[a-z0-9])(?=[A-Z])/).map((word) => word.toLowerCase())

type Part = readonly [offset: number, text: string]

/** The text of the elements in a `.tsx` source; comments, strings and expressions are no part of it. */
const elementsOf = (file: string, source: string, tokens: ReadonlyArray<Token>): ReadonlyArray<Part> => {
  if (!file.endsWith("x") || isTest(file)) return []
  const code = tokens.reduce(
    (text, token) =>
      token.type === "code"
        ? text
        : text.slice(0, token.start) + " ".repeat(token.text.length) + text.slice(token.start + token.text.length),
    source
  )
  return Array.from(code.matchAll(/>([^<>{}=;()]+)</g), ({ 1: text = "", index }): Part => [index + 1, text])
    .filter(([, text]) => isSentence(text))
}

/** The comments of a source, and the strings that people read. */
const proseOf = (file: string, tokens: ReadonlyArray<Token>): ReadonlyArray<Part> =>
  tokens.flatMap(({ start, text, type }, index): ReadonlyArray<Part> => {
    if (type === "comment") return [[start, proseOfComment(text)]]
    if (type !== "string" || !isSentence(text)) return []
    const before = tokens[index - 1]
    const isRead = !isTest(file) || beforeTitle.test(before?.type === "code" ? before.text : "")
    return isRead ? [[start, blank(text, /`[^`\n]*`|https?:\S+/g)]] : []
  })

const endOf = (match: { readonly match: string; readonly index: number } | undefined): number =>
  match === undefined ? 0 : match.index + match.match.length

const findPhrases = (source: string, parts: ReadonlyArray<Part>): ReadonlyArray<ProseProblem> =>
  parts.flatMap(([start, text]) => {
    const matches = compiled.flatMap(({ instead, pattern }) =>
      Array.from(text.matchAll(pattern), ({ 0: match, index }) => ({ match, index, instead }))
    ).toSorted((a, b) => a.index - b.index)
    // of phrases that overlap, only the first is reported
    return matches.filter(({ index }, at) => at === 0 || index >= endOf(matches[at - 1])).map(
      ({ index, instead, match }) => ({
        line: lineAt(source, start + index + match.length - match.trimStart().length),
        found: match.trim().replaceAll(/\s+/g, " "),
        instead
      })
    )
  })

const findNames = (
  source: string,
  tokens: ReadonlyArray<Token>,
  elements: ReadonlyArray<Part>
): ReadonlyArray<ProseProblem> =>
  tokens.filter(({ type }) => type === "code").flatMap(({ start, text }) =>
    Array.from(text.matchAll(/[A-Za-z_]\w*/g)).flatMap(({ 0: name, index }) => {
      const offset = start + index
      if (elements.some(([from, { length }]) => from <= offset && offset < from + length)) return []
      return wordsOf(name).flatMap((word) => {
        const instead = replacements.get(word)
        return instead === undefined ? [] : [{ line: lineAt(source, offset), found: name, instead }]
      })
    })
  )

/** The problems of a TypeScript source: in comments, messages, titles of tests, and names. */
export const checkTypeScript = (file: string, source: string): ReadonlyArray<ProseProblem> => {
  const tokens = tokenize(source)
  const elements = elementsOf(file, source, tokens)
  return [
    ...findPhrases(source, [...proseOf(file, tokens), ...elements]),
    ...findNames(source, tokens, elements)
  ].toSorted((a, b) => a.line - b.line)
}

/** The problems of a Markdown document: in its text, and in the comments and messages of its TypeScript examples. */
export const checkMarkdown = (source: string): ReadonlyArray<ProseProblem> => {
  const examples = Array.from(source.matchAll(/^```tsx?\b[^\n]*\n([^]*?)^```/gm)).flatMap(
    ({ 0: all, 1: code = "", index }) => {
      const start = index + all.indexOf("\n") + 1
      return checkTypeScript("example.ts", code).map((problem) => ({
        ...problem,
        line: problem.line + lineAt(source, start) - 1
      }))
    }
  )
  const text = blank(source, /^(`{3,})[^]*?^\1|`[^`\n]*`|\]\([^)\n]*\)|https?:\S+|<!--[^]*?-->/gm)
  return [...findPhrases(source, [[0, text]]), ...examples].toSorted((a, b) => a.line - b.line)
}
