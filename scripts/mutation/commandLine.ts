/** What the user asks `pnpm mutate` for. */
import { parseArgs } from "node:util"
import { changedScopes, defaultBase } from "./changedLines.ts"
import { parseLines, type Scope, scopeOf } from "./scope.ts"
import { isPackage, type Package, packages } from "./suites.ts"
import { UsageError } from "./UsageError.ts"

export const usage =
  `pnpm mutate [PACKAGE ...] [--files GLOB [--lines A-B]] [--wide] [--force] [--minutes N] [--concurrency N]
pnpm mutate --changed [--base COMMIT] [--wide] [--force] [--minutes N] [--concurrency N]

PACKAGE is one of ${packages.join(", ")}; without one, all are tested.
GLOB begins at src of the package, or at the root of the repository.`

export interface Command {
  readonly scopes: ReadonlyMap<Package, Scope>
  /** Why there is nothing to test, if that is no error. */
  readonly nothing: string | undefined
  /** Whether all mutants of all sources of the packages are tested. */
  readonly isWhole: boolean
  /** Whether only changed lines are tested. */
  readonly isOfChanges: boolean
  readonly wide: boolean
  readonly force: boolean
  readonly concurrency: number
  /** When no further mutant is tested, in milliseconds since 1970. */
  readonly deadline: number | undefined
}

const parse = (args: ReadonlyArray<string>) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        changed: { type: "boolean", default: false },
        base: { type: "string" },
        files: { type: "string" },
        lines: { type: "string" },
        wide: { type: "boolean", default: false },
        force: { type: "boolean", default: false },
        minutes: { type: "string" },
        concurrency: { type: "string", default: "1" },
        help: { type: "boolean", default: false }
      }
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

const positive = (option: string, text: string): number => {
  const number = Number(text)
  if (!(number > 0)) throw new UsageError(`--${option} must be a number above 0: ${text}`)
  return number
}

const packageOf = (name: string): Package => {
  const short = name.replace(/^@effect-signalwire\//, "")
  if (!isPackage(short)) throw new UsageError(`not a package that is mutated: ${name}`)
  return short
}

interface Place {
  readonly names: ReadonlyArray<string>
  readonly files: string | undefined
  readonly lines: string | undefined
}

const scopesOf = (root: string, { files, lines, names }: Place): ReadonlyMap<Package, Scope> => {
  const ranges = lines === undefined ? [] : [parseLines(lines)]
  const chosen = names.length === 0 ? packages : names.map(packageOf)
  const all = chosen.map((name) => [name, scopeOf(root, name, files, ranges)] as const)
  const scopes = new Map(all.filter(([, scope]) => scope.size > 0))
  if (scopes.size === 0) throw new UsageError(`no source matches ${files}`)
  return scopes
}

/** Reads the arguments; `undefined` if they ask for help. */
export const read = (root: string, args: ReadonlyArray<string>): Command | undefined => {
  const { positionals: names, values } = parse(args)
  const { base, changed: isOfChanges, files, force, lines, wide } = values
  if (values.help) return undefined
  if (isOfChanges && (names.length > 0 || files !== undefined || lines !== undefined)) {
    throw new UsageError("--changed takes no packages, --files or --lines")
  }
  if (base !== undefined && !isOfChanges) throw new UsageError("--base needs --changed")
  if (lines !== undefined && files === undefined) throw new UsageError("--lines needs --files")
  const concurrency = positive("concurrency", values.concurrency)
  const deadline = values.minutes === undefined ? undefined : Date.now() + positive("minutes", values.minutes) * 60_000
  const options = { wide, force, concurrency, deadline, isOfChanges }
  if (!isOfChanges) {
    const scopes = scopesOf(root, { names, files, lines })
    return { ...options, scopes, nothing: undefined, isWhole: files === undefined }
  }
  const earlier = base ?? defaultBase(root)
  const scopes = earlier === undefined ? new Map<Package, Scope>() : changedScopes(root, earlier)
  const nothing = earlier === undefined
    ? "there is no earlier commit to compare with"
    : scopes.size === 0
    ? `no line of a source was added or replaced since ${earlier}`
    : undefined
  return { ...options, scopes, nothing, isWhole: false }
}
