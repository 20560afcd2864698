/** The files and lines of a package that are mutated. */
import { globSync } from "node:fs"
import { join } from "node:path"
import { type Package, packages } from "./suites.ts"
import { UsageError } from "./UsageError.ts"

/** Lines counted from 1, the last one included. */
export interface LineRange {
  readonly start: number
  readonly end: number
}

/** Each file from the root of the repository, with the ranges that are mutated; a file without ranges is mutated whole. */
export type Scope = ReadonlyMap<string, ReadonlyArray<LineRange>>

const sources = (name: Package): string => `packages/${name}/src`

/** A source that has code of its own. */
export const isMutable = (file: string): boolean => /\.tsx?$/.test(file) && !file.endsWith("/src/index.ts")

export const packageOfSource = (file: string): Package | undefined =>
  packages.find((name) => file.startsWith(`${sources(name)}/`))

/** All sources of a package, or those that match the glob, which begins at `src` of the package or at the root. */
export const scopeOf = (root: string, name: Package, glob = "**/*", ranges: ReadonlyArray<LineRange> = []): Scope => {
  const within = globSync(glob, { cwd: join(root, sources(name)) }).map((file) => `${sources(name)}/${file}`)
  const fromRoot = globSync(glob, { cwd: root }).filter((file) => file.startsWith(`${sources(name)}/`))
  const files = [...new Set([...within, ...fromRoot])].filter(isMutable).toSorted()
  return new Map(files.map((file) => [file, ranges]))
}

export const parseLines = (text: string): LineRange => {
  const [, start, end = start] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? []
  const range = { start: Number(start), end: Number(end) }
  if (!(range.start >= 1 && range.end >= range.start)) {
    throw new UsageError(`not a range of lines, such as 10-20: ${text}`)
  }
  return range
}

/** The patterns that tell Stryker what to mutate. */
export const patternsOf = (scope: Scope): Array<string> =>
  [...scope].flatMap(([file, ranges]) =>
    ranges.length === 0 ? [file] : ranges.map(({ start, end }) => `${file}:${start}-${end}`)
  )

/** Whether lines are in the scope, all of them within one range. */
export const isInScope = (scope: Scope, file: string, lines: LineRange): boolean => {
  const ranges = scope.get(file)
  return ranges !== undefined &&
    (ranges.length === 0 || ranges.some(({ start, end }) => lines.start >= start && lines.end <= end))
}
