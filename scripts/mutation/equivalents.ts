/**
 * Mutants that no test can kill, because the changed code does the same as before: each is listed with the reason, and is not
 * counted. They are found by their text, so that they are found again when other lines of the file change.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import type { Equivalent } from "./Equivalent.ts"
import { equivalents as backend } from "./equivalents/backend.ts"
import { equivalents as conversation } from "./equivalents/conversation.ts"
import { equivalents as http } from "./equivalents/http.ts"
import { equivalents as promise } from "./equivalents/promise.ts"
import { equivalents as react } from "./equivalents/react.ts"
import { equivalents as runtime } from "./equivalents/runtime.ts"
import { equivalents as schema } from "./equivalents/schema.ts"
import { equivalents as subscription } from "./equivalents/subscription.ts"
import { isKilled, type Mutation } from "./results.ts"
import type { Package } from "./suites.ts"

export const equivalentsOf: Readonly<Record<Package, ReadonlyArray<Equivalent>>> = {
  schema,
  runtime,
  http,
  subscription,
  conversation,
  promise,
  react,
  backend
}

/** What is wrong with the entries of a package, whatever is tested. */
export const invalidEntries = (root: string, name: Package): ReadonlyArray<string> =>
  equivalentsOf[name].flatMap(({ file, reason }) => [
    ...(existsSync(join(root, "packages", name, "src", file)) ? [] : [`listed as equivalent, but there is no ${file}`]),
    ...(reason.trim() === "" ? [`listed as equivalent without a reason: ${file}`] : [])
  ])

const normalize = (text: string): string => text.replaceAll(/\s+/g, " ").trim()

const matches = (equivalent: Equivalent, mutation: Mutation): boolean =>
  mutation.file.endsWith(`/src/${equivalent.file}`) &&
  normalize(mutation.original) === normalize(equivalent.source) &&
  normalize(mutation.replacement) === normalize(equivalent.replacement) &&
  (equivalent.line === undefined || normalize(mutation.lineText) === normalize(equivalent.line))

export interface Matched {
  /** The mutants that are not listed. */
  readonly counted: ReadonlyArray<Mutation>
  /** How many mutants are listed. */
  readonly equivalent: number
  /** What is wrong with the list. */
  readonly problems: ReadonlyArray<string>
}

/**
 * Sets the listed mutants apart. `isComplete` is whether all mutants of a file are among those given: only then is an entry
 * without a mutant out of date.
 */
export const setApart = (
  equivalents: ReadonlyArray<Equivalent>,
  mutations: ReadonlyArray<Mutation>,
  isComplete: (file: string) => boolean
): Matched => {
  const describe = ({ file, source, replacement }: Equivalent): string =>
    `${file}: ${normalize(source)} -> ${normalize(replacement)}`
  const isListed = (mutation: Mutation): boolean => equivalents.some((equivalent) => matches(equivalent, mutation))
  return {
    counted: mutations.filter((mutation) => !isListed(mutation)),
    equivalent: mutations.filter(isListed).length,
    problems: equivalents.flatMap((equivalent) => {
      const found = mutations.filter((mutation) => matches(equivalent, mutation))
      if (found.length === 0 && isComplete(equivalent.file)) {
        return [`listed as equivalent, but there is no such mutant: ${describe(equivalent)}`]
      }
      return found.some(isKilled) ? [`listed as equivalent, but a test kills it: ${describe(equivalent)}`] : []
    })
  }
}
