/** Which lines of the sources differ from an earlier commit, changes that are not committed included. */
import { execFileSync } from "node:child_process"
import { isMutable, type LineRange, packageOfSource, type Scope } from "./scope.ts"
import { type Package, packages } from "./suites.ts"
import { UsageError } from "./UsageError.ts"

/** The lines that a diff without context adds or changes, of each file. */
export const parseDiff = (diff: string): ReadonlyMap<string, ReadonlyArray<LineRange>> => {
  const files = new Map<string, Array<LineRange>>()
  let ranges: Array<LineRange> = []
  for (const line of diff.split("\n")) {
    const file = /^\+\+\+ b\/(.+)$/.exec(line)?.[1]
    if (file !== undefined) files.set(file, ranges = [])
    const [, start, count = "1"] = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line) ?? []
    if (start !== undefined && count !== "0") {
      ranges.push({ start: Number(start), end: Number(start) + Number(count) - 1 })
    }
  }
  return files
}

const git = (root: string, ...args: ReadonlyArray<string>): string =>
  execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], maxBuffer: 2 ** 28 })

/** The id of a commit; `undefined` if there is none, as in a clone without history. */
const commitOf = (root: string, name: string): string | undefined => {
  try {
    return git(root, "rev-parse", "--verify", "--quiet", `${name}^{commit}`).trim()
  } catch {
    return undefined
  }
}

/** The branch `main` of the origin, or on that branch the commit before; `undefined` if there is neither. */
export const defaultBase = (root: string): string | undefined => {
  const head = commitOf(root, "HEAD")
  const isEarlier = (name: string): boolean => ![undefined, head].includes(commitOf(root, name))
  return ["origin/main", "HEAD~1"].find(isEarlier)
}

/** The changed lines of each package since `base` and the current commit parted. */
export const changedScopes = (root: string, base: string): ReadonlyMap<Package, Scope> => {
  if (commitOf(root, base) === undefined) throw new UsageError(`git has no commit ${base}`)
  const parted = git(root, "merge-base", base, "HEAD").trim()
  const sources = ":(glob)packages/*/src/**"
  const diff = git(
    root,
    "diff",
    "--unified=0",
    "--no-color",
    "--no-ext-diff",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    parted,
    "--",
    sources
  )
  const added = git(root, "ls-files", "--others", "--exclude-standard", "--", sources).split("\n")
  const files = new Map<string, ReadonlyArray<LineRange>>([
    // nothing is left to mutate where lines were only deleted
    ...[...parseDiff(diff)].filter(([, ranges]) => ranges.length > 0),
    ...added.map((file) => [file, []] as const)
  ])
  const changed = [...files].filter(([file]) => isMutable(file))
  return new Map(packages.flatMap((name) => {
    const scope = changed.filter(([file]) => packageOfSource(file) === name)
    return scope.length === 0 ? [] : [[name, new Map(scope)] as const]
  }))
}
