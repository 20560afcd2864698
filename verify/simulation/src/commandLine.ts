/** What the user asks `pnpm simulate` for. */
import { existsSync } from "node:fs"
import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import * as Cases from "./cases.ts"
import { isMutation, type Mutation, mutations } from "./mutation.ts"

export const usage =
  `pnpm simulate [--seeds 1000] [--from 1] [--steps 200] [--workers N] [--mutation NAME] [--shrink-seconds 60]
pnpm simulate --seed N [--steps 200] [--trace] [--mutation NAME] [--shrink-seconds 60]
pnpm simulate --case FILE [--trace]
pnpm simulate --choose [--seeds 1000] [--from 1] [--steps 200]

A seed takes about a second. --choose stores which seeds the tests run: a few that reach all that these seeds reach. A mutation is a bug in the client: ${
    mutations.join(", ")
  }.`

/** An error of the user, whose message says what is wrong. */
export class UsageError extends Error {}

export interface Command {
  readonly seeds: number
  readonly from: number
  readonly steps: number
  readonly workers: number
  /** The only seed that runs. */
  readonly seed: number | undefined
  /** Whether seeds are chosen for the tests. */
  readonly chooses: boolean
  /** The only case that runs. */
  readonly stored: Cases.Case | undefined
  readonly mutation: Mutation | undefined
  readonly trace: boolean
  readonly shrinkMillis: number
}

const parse = (args: ReadonlyArray<string>) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seeds: { type: "string", default: "1000" },
        steps: { type: "string", default: "200" },
        from: { type: "string", default: "1" },
        seed: { type: "string" },
        case: { type: "string" },
        mutation: { type: "string" },
        workers: { type: "string", default: String(availableParallelism()) },
        trace: { type: "boolean", default: false },
        choose: { type: "boolean", default: false },
        "shrink-seconds": { type: "string", default: "60" },
        help: { type: "boolean", default: false }
      }
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

const positive = (option: string, text: string): number => {
  const number = Number(text)
  if (!(Number.isSafeInteger(number) && number > 0)) {
    throw new UsageError(`--${option} must be a whole number above 0: ${text}`)
  }
  return number
}

const readCase = (file: string): Cases.Case => {
  if (!existsSync(file)) throw new UsageError(`there is no case ${file}`)
  return Cases.read(file)
}

/** Reads the arguments; `undefined` if they ask for help. */
export const read = (args: ReadonlyArray<string>): Command | undefined => {
  const values = parse(args)
  if (values.help) return undefined
  if (values.mutation !== undefined && !isMutation(values.mutation)) {
    throw new UsageError(`there is no mutation ${values.mutation}`)
  }
  const stored = values.case === undefined ? undefined : readCase(values.case)
  return {
    seeds: positive("seeds", values.seeds),
    from: positive("from", values.from),
    steps: positive("steps", values.steps),
    workers: positive("workers", values.workers),
    seed: values.seed === undefined ? undefined : positive("seed", values.seed),
    chooses: values.choose,
    stored,
    mutation: values.mutation ?? stored?.mutation,
    trace: values.trace,
    shrinkMillis: positive("shrink-seconds", values["shrink-seconds"]) * 1000
  }
}
