/**
 * Runs that have failed once, as files in `cases/`. The tests run each of them: without a mutation it must pass, and
 * with its mutation, if it has one, it must break the promise that it names.
 */
import * as Schema from "effect/Schema"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { isMutation, type Mutation } from "./mutation.ts"
import type { Plan, PlannedStep } from "./plan.ts"
import { isSimplificationName } from "./setup.ts"
import { isStepName } from "./steps.ts"

/** The folder of all cases. */
const folder = join(import.meta.dirname, "../cases")

export interface Case {
  /** How it failed. */
  readonly violation: string
  /** The bug under which it fails; `undefined` for one that is mended. */
  readonly mutation: Mutation | undefined
  readonly plan: Plan
}

const Stored = Schema.fromJsonString(Schema.Struct({
  violation: Schema.String,
  mutation: Schema.optionalKey(Schema.String.pipe(Schema.refine(isMutation))),
  seed: Schema.Int,
  simplifications: Schema.Array(Schema.String.pipe(Schema.refine(isSimplificationName))),
  /** The names of the steps, by their numbers. */
  steps: Schema.Record(Schema.String, Schema.String.pipe(Schema.refine(isStepName)))
}))

const decode = Schema.decodeUnknownSync(Stored)

export const read = (file: string): Case => {
  const { mutation, seed, simplifications, steps, violation } = decode(readFileSync(file, "utf8"))
  const planned = Object.entries(steps).map(([number, name]): PlannedStep => ({ number: Number(number), name }))
  return { violation, mutation, plan: { seed, simplifications, steps: planned } }
}

/** All cases, by the names of their files. */
export const readAll = (): ReadonlyArray<readonly [name: string, found: Case]> =>
  readdirSync(folder).toSorted().map((file) => [basename(file, ".json"), read(join(folder, file))] as const)

/** Writes a case, unless its file has a shorter one; returns the path of the file. */
export const write = ({ mutation, plan, violation }: Case): string => {
  const { seed, simplifications, steps } = plan
  const content = {
    violation,
    ...(mutation === undefined ? undefined : { mutation }),
    seed,
    simplifications,
    steps: Object.fromEntries(steps.map(({ name, number }) => [number, name]))
  }
  const file = join(folder, `seed-${seed}${mutation === undefined ? "" : `-${mutation}`}.json`)
  if (existsSync(file) && read(file).plan.steps.length < plan.steps.length) return file
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, `${JSON.stringify(content, undefined, 2)}\n`)
  return file
}
