/** What became of mutants. */
import type { MutantResult } from "@stryker-mutator/api/core"
import { readFileSync } from "node:fs"
import { relative } from "node:path"
import { mutantKey } from "./mutantKey.ts"
import type { LineRange } from "./scope.ts"

/** A mutant is uncovered if no test runs its code, and not tested if there was no time left or the test runner crashed. */
export type Outcome = "killed" | "survived" | "uncovered" | "ignored" | "not tested"

export interface Mutation {
  readonly key: string
  /** The file from the root of the repository. */
  readonly file: string
  readonly lines: LineRange
  /** The text of the first line. */
  readonly lineText: string
  readonly mutator: string
  readonly original: string
  readonly replacement: string
  readonly outcome: Outcome
}

const outcomes: Readonly<Record<MutantResult["status"], Outcome>> = {
  Killed: "killed",
  Timeout: "killed",
  CompileError: "killed",
  Survived: "survived",
  NoCoverage: "uncovered",
  Ignored: "ignored",
  // the test runner returns an error when there is no time left; Stryker itself, when the test runner crashes
  RuntimeError: "not tested",
  Pending: "not tested"
}

/** The text of a source between two positions that are counted from 1. */
const textBetween = (lines: ReadonlyArray<string>, { start, end }: MutantResult["location"]): string =>
  lines.slice(start.line - 1, end.line).map((line, index) => {
    const number = start.line + index
    return line.slice(number === start.line ? start.column - 1 : 0, number === end.line ? end.column - 1 : undefined)
  }).join("\n")

export const toMutation = (root: string, result: MutantResult, source: ReadonlyArray<string>): Mutation => ({
  key: mutantKey(result),
  file: relative(root, result.fileName),
  lines: { start: result.location.start.line, end: result.location.end.line },
  lineText: source[result.location.start.line - 1] ?? "",
  mutator: result.mutatorName,
  original: textBetween(source, result.location),
  replacement: result.replacement,
  outcome: outcomes[result.status]
})

/** Reads the sources for what was replaced. */
export const toMutations = (root: string, results: ReadonlyArray<MutantResult>): ReadonlyArray<Mutation> => {
  const sources = new Map<string, ReadonlyArray<string>>()
  return results.map((result) => {
    const source = sources.get(result.fileName) ?? readFileSync(result.fileName, "utf8").split("\n")
    sources.set(result.fileName, source)
    return toMutation(root, result, source)
  })
}

export const isSurvivor = ({ outcome }: Mutation): boolean => outcome === "survived" || outcome === "uncovered"
export const isKilled = ({ outcome }: Mutation): boolean => outcome === "killed"
export const isNotTested = ({ outcome }: Mutation): boolean => outcome === "not tested"

/** The part of the tested mutants that were killed, in percent; `undefined` if none was tested. */
export const percentKilled = (mutations: ReadonlyArray<Mutation>): number | undefined => {
  const killed = mutations.filter(isKilled).length
  const survived = mutations.filter(isSurvivor).length
  return killed + survived === 0 ? undefined : 100 * killed / (killed + survived)
}
