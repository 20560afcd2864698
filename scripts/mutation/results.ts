/** What became of the mutants of a package, as a table. */
import type { MutantResult } from "@stryker-mutator/api/core"
import { relative } from "node:path"

export interface Mutation {
  /** The file from the root of the repository. */
  readonly file: string
  /** The line counted from 1. */
  readonly line: number
  readonly mutator: string
  readonly original: string
  readonly replacement: string
  readonly status: MutantResult["status"]
}

/** The text of a source between two positions that are counted from 1. */
const textBetween = (source: string, { start, end }: MutantResult["location"]): string => {
  const lines = source.split("\n").slice(start.line - 1, end.line)
  const last = lines.length - 1
  return lines.map((line, index) =>
    line.slice(index === 0 ? start.column - 1 : 0, index === last ? end.column - 1 : line.length)
  ).join("\n")
}

export const toMutation = (root: string, result: MutantResult, source: string): Mutation => ({
  file: relative(root, result.fileName),
  line: result.location.start.line,
  mutator: result.mutatorName,
  original: textBetween(source, result.location),
  replacement: result.replacement,
  status: result.status
})

const isSurvivor = ({ status }: Mutation): boolean => status === "Survived" || status === "NoCoverage"
const isKilled = ({ status }: Mutation): boolean => status === "Killed" || status === "Timeout"

const oneLine = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ")
  return line.length > 60 ? `${line.slice(0, 57)}...` : line
}

/** One line for each survivor: where it is, what was changed, and whether a test ran that code at all. */
export const survivorLines = (mutations: ReadonlyArray<Mutation>): ReadonlyArray<string> =>
  mutations.filter(isSurvivor).map(({ file, line, mutator, original, replacement, status }) =>
    `${file}:${line} ${mutator}: ${oneLine(original)} -> ${oneLine(replacement) || "(nothing)"}${
      status === "NoCoverage" ? " (no test runs it)" : ""
    }`
  )

export interface Score {
  readonly killed: number
  readonly survived: number
}

export const scoreOf = (mutations: ReadonlyArray<Mutation>): Score => ({
  killed: mutations.filter(isKilled).length,
  survived: mutations.filter(isSurvivor).length
})

/** The part of the mutants that were killed, in percent; 100 if there are none. */
export const percentKilled = ({ killed, survived }: Score): number =>
  killed + survived === 0 ? 100 : 100 * killed / (killed + survived)
